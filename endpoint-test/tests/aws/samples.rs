//! The sample payloads of a model package: their location and their archive.

use endpoint_test::aws::{S3Samples, sample_location};
use endpoint_test::{SampleStore, TargetErrorKind};

use crate::canned::{Canned, CannedResponse, error, json};

const PACKAGE: &str = "arn:aws:sagemaker:us-east-1:111111111111:model-package/iris/13";

#[tokio::test]
async fn a_model_package_has_the_location_and_media_type_of_its_samples() {
    let response = format!(
        r#"{{"ModelPackageName":"iris","ModelPackageArn":"{PACKAGE}","CreationTime":1767225600,"ModelPackageStatus":"Completed",
            "ModelPackageStatusDetails":{{"ValidationStatuses":[]}},"SamplePayloadUrl":"s3://samples/iris/samples.tar.gz",
            "InferenceSpecification":{{"Containers":[{{"Image":"iris:1"}}],"SupportedContentTypes":["text/csv","application/json"]}}}}"#
    );
    let aws = Canned::start([("DescribeModelPackage", json(&response))]).await;
    let location = sample_location(&aws.config(), PACKAGE).await.unwrap();
    assert_eq!(location.url.as_deref(), Some("s3://samples/iris/samples.tar.gz"));
    assert_eq!(location.content_type.as_deref(), Some("text/csv"));
    // A package encrypted with its own KMS key is described without that key.
    assert!(aws.calls()[0].body.contains("MetadataOnly"), "{}", aws.calls()[0].body);
}

#[tokio::test]
async fn the_archive_is_fetched_from_s3() {
    let object = CannedResponse { status: 200, headers: String::new(), body: "an archive".to_owned() };
    let aws = Canned::start([("GET /samples/iris/samples.tar.gz?x-id=GetObject HTTP/1.1", object)]).await;
    let store = S3Samples::from_config(&aws.config());
    assert_eq!(store.fetch("s3://samples/iris/samples.tar.gz").await.unwrap().as_ref(), b"an archive");
    for wrong in ["https://example.com/x", "s3://samples", "s3:///x", "s3://samples/"] {
        assert_eq!(store.fetch(wrong).await.unwrap_err().kind, TargetErrorKind::Refused, "{wrong}");
    }
    assert_eq!(aws.calls().len(), 1);
}

#[tokio::test]
async fn a_refusal_names_the_object_and_the_permission() {
    let aws = Canned::start([("GET /samples/x.tar.gz?x-id=GetObject HTTP/1.1", error(403, "AccessDenied", "no"))]).await;
    let error = S3Samples::from_config(&aws.config()).fetch("s3://samples/x.tar.gz").await.unwrap_err();
    assert!(error.to_string().contains("s3://samples/x.tar.gz"), "{error}");
    assert!(error.hint.unwrap().contains("s3:GetObject"));
}
