//! The properties that refer to local artifacts: one line per property.
//!
//! ```
//! use cfn_render::property_table::{ARTIFACT_PROPERTIES, Origin};
//!
//! for property in ARTIFACT_PROPERTIES.iter().filter(|property| property.origin == Origin::Added) {
//!     println!("{} {}", property.entry, property.path.join("."));
//! }
//! ```
//!
//! The rows with [`Origin::AwsCli`] are the complete table of `aws cloudformation package` (1.45
//! and 2.36 agree). Those with [`Origin::Added`] are properties of the same kind that it does not
//! package. `AWS::Include` is not a property and is handled separately.

/// A property that can refer to a local file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArtifactProperty {
    /// Where the property is.
    pub section: Section,
    /// The resource type; for the other sections, the name of the entry.
    pub entry: &'static str,
    /// The keys on the path to the value; `*` is every item of a list and every value of a mapping.
    pub path: &'static [&'static str],
    /// The replacement of a local path.
    pub form: Form,
    /// What is uploaded.
    pub content: Content,
    /// Which other tools package the property.
    pub origin: Origin,
}

/// The section of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Below `Properties` of a resource of the type.
    Resources,
    /// Below an entry of the template's `Metadata`.
    Metadata,
    /// Below an entry of SAM's `Globals`.
    Globals,
}

/// The replacement of a local path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `s3://bucket/key`.
    Uri,
    /// `s3://bucket/key`, followed by `?versionId=` in a bucket with versioning.
    VersionedUri,
    /// A mapping with these keys.
    Object {
        /// The key of the bucket.
        bucket: &'static str,
        /// The key of the object's key.
        key: &'static str,
        /// The key of the object's version, if the property has one.
        version: Option<&'static str>,
    },
    /// The https address of a nested template, which is packaged first.
    TemplateUrl,
}

/// What is uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Content {
    /// A zip archive: a folder is zipped, and so is a single file that is not an archive.
    Archive,
    /// A folder is zipped; a file is uploaded unchanged.
    Bundle,
    /// A file, unchanged.
    File,
}

/// Which other tools package a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `aws cloudformation package` does.
    AwsCli,
    /// `aws cloudformation package` does not; its users, or those of SAM, expect it.
    Added,
}

/// `S3Bucket`, `S3Key` and `S3ObjectVersion`.
const CODE: Form = Form::Object { bucket: "S3Bucket", key: "S3Key", version: Some("S3ObjectVersion") };
/// `S3Bucket` and `S3Key`, without a key for the version.
const SOURCE: Form = Form::Object { bucket: "S3Bucket", key: "S3Key", version: None };
/// `Bucket`, `Key` and `Version`.
const LOCATION: Form = Form::Object { bucket: "Bucket", key: "Key", version: Some("Version") };
/// `Bucket`, `Key` and `ObjectVersion`.
const REPOSITORY: Form = Form::Object { bucket: "Bucket", key: "Key", version: Some("ObjectVersion") };

use Content::{Archive, Bundle, File};
use Form::{TemplateUrl, Uri, VersionedUri};
use Origin::{Added, AwsCli};
use Section::{Globals, Metadata, Resources};

/// The table, by section, entry and path.
#[rustfmt::skip]
pub const ARTIFACT_PROPERTIES: &[ArtifactProperty] = &[
    row(Resources, "AWS::ApiGateway::RestApi", &["BodyS3Location"], LOCATION, File, AwsCli),
    row(Resources, "AWS::ApiGatewayV2::Api", &["BodyS3Location"], LOCATION, File, Added),
    row(Resources, "AWS::AppSync::FunctionConfiguration", &["CodeS3Location"], Uri, File, Added),
    row(Resources, "AWS::AppSync::FunctionConfiguration", &["RequestMappingTemplateS3Location"], Uri, File, AwsCli),
    row(Resources, "AWS::AppSync::FunctionConfiguration", &["ResponseMappingTemplateS3Location"], Uri, File, AwsCli),
    row(Resources, "AWS::AppSync::GraphQLSchema", &["DefinitionS3Location"], Uri, File, AwsCli),
    row(Resources, "AWS::AppSync::Resolver", &["CodeS3Location"], Uri, File, Added),
    row(Resources, "AWS::AppSync::Resolver", &["RequestMappingTemplateS3Location"], Uri, File, AwsCli),
    row(Resources, "AWS::AppSync::Resolver", &["ResponseMappingTemplateS3Location"], Uri, File, AwsCli),
    row(Resources, "AWS::CloudFormation::HookVersion", &["SchemaHandlerPackage"], Uri, Archive, Added),
    row(Resources, "AWS::CloudFormation::ModuleVersion", &["ModulePackage"], Uri, Archive, Added),
    row(Resources, "AWS::CloudFormation::ResourceVersion", &["SchemaHandlerPackage"], Uri, Archive, Added),
    row(Resources, "AWS::CloudFormation::Stack", &["TemplateURL"], TemplateUrl, File, AwsCli),
    row(Resources, "AWS::CloudFormation::StackSet", &["TemplateURL"], TemplateUrl, File, Added),
    row(Resources, "AWS::CodeCommit::Repository", &["Code", "S3"], REPOSITORY, Archive, AwsCli),
    row(Resources, "AWS::ElasticBeanstalk::ApplicationVersion", &["SourceBundle"], SOURCE, Bundle, AwsCli),
    row(Resources, "AWS::Glue::Job", &["Command", "ScriptLocation"], Uri, File, AwsCli),
    row(Resources, "AWS::Lambda::Function", &["Code"], CODE, Archive, AwsCli),
    row(Resources, "AWS::Lambda::LayerVersion", &["Content"], CODE, Archive, AwsCli),
    row(Resources, "AWS::Serverless::Api", &["DefinitionUri"], VersionedUri, File, AwsCli),
    row(Resources, "AWS::Serverless::Application", &["Location"], TemplateUrl, File, AwsCli),
    row(Resources, "AWS::Serverless::Function", &["CodeUri"], VersionedUri, Archive, AwsCli),
    row(Resources, "AWS::Serverless::GraphQLApi", &["Functions", "*", "CodeUri"], Uri, File, Added),
    row(Resources, "AWS::Serverless::GraphQLApi", &["Resolvers", "*", "*", "CodeUri"], Uri, File, Added),
    row(Resources, "AWS::Serverless::GraphQLApi", &["SchemaUri"], Uri, File, Added),
    row(Resources, "AWS::Serverless::HttpApi", &["DefinitionUri"], VersionedUri, File, Added),
    row(Resources, "AWS::Serverless::LayerVersion", &["ContentUri"], VersionedUri, Archive, AwsCli),
    row(Resources, "AWS::Serverless::StateMachine", &["DefinitionUri"], LOCATION, File, AwsCli),
    row(Resources, "AWS::ServiceCatalog::CloudFormationProduct", &["ProvisioningArtifactParameters", "*", "Info", "LoadTemplateFromURL"], TemplateUrl, File, Added),
    row(Resources, "AWS::StepFunctions::StateMachine", &["DefinitionS3Location"], LOCATION, File, AwsCli),
    row(Metadata, "AWS::ServerlessRepo::Application", &["LicenseUrl"], Uri, File, AwsCli),
    row(Metadata, "AWS::ServerlessRepo::Application", &["ReadmeUrl"], Uri, File, AwsCli),
    row(Globals, "Api", &["DefinitionUri"], VersionedUri, File, Added),
    row(Globals, "Function", &["CodeUri"], VersionedUri, Archive, Added),
];

const fn row(
    section: Section,
    entry: &'static str,
    path: &'static [&'static str],
    form: Form,
    content: Content,
    origin: Origin,
) -> ArtifactProperty {
    ArtifactProperty { section, entry, path, form, content, origin }
}

/// Properties that refer to objects in S3, often several separated by commas. Neither the AWS CLI
/// nor this crate packages them: local files in them are only reported.
#[rustfmt::skip]
pub(crate) const UNPACKAGED_PROPERTIES: &[(&str, &[&str])] = &[
    ("AWS::Glue::DevEndpoint", &["ExtraJarsS3Path"]),
    ("AWS::Glue::DevEndpoint", &["ExtraPythonLibsS3Path"]),
    ("AWS::Glue::Job", &["DefaultArguments", "--extra-files"]),
    ("AWS::Glue::Job", &["DefaultArguments", "--extra-jars"]),
    ("AWS::Glue::Job", &["DefaultArguments", "--extra-py-files"]),
    ("AWS::Glue::Job", &["NonOverridableArguments", "--extra-files"]),
    ("AWS::Glue::Job", &["NonOverridableArguments", "--extra-jars"]),
    ("AWS::Glue::Job", &["NonOverridableArguments", "--extra-py-files"]),
    ("AWS::SageMaker::Model", &["Containers", "*", "ModelDataUrl"]),
    ("AWS::SageMaker::Model", &["PrimaryContainer", "ModelDataUrl"]),
];

/// The rows of one entry.
pub(crate) fn rows(section: Section, entry: &str) -> impl Iterator<Item = &'static ArtifactProperty> {
    ARTIFACT_PROPERTIES.iter().filter(move |row| row.section == section && row.entry == entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_duplicates() {
        let names: Vec<_> = ARTIFACT_PROPERTIES.iter().map(|row| (row.section as u8, row.entry, row.path)).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:#?}");
    }

    #[test]
    fn the_table_contains_every_property_of_the_aws_cli() {
        assert_eq!(ARTIFACT_PROPERTIES.iter().filter(|row| row.origin == AwsCli).count(), 20);
        for (entry, path) in [
            ("AWS::Serverless::Function", "CodeUri"),
            ("AWS::Serverless::LayerVersion", "ContentUri"),
            ("AWS::Serverless::Api", "DefinitionUri"),
            ("AWS::Serverless::StateMachine", "DefinitionUri"),
            ("AWS::Serverless::Application", "Location"),
            ("AWS::CloudFormation::Stack", "TemplateURL"),
            ("AWS::Lambda::Function", "Code"),
            ("AWS::Lambda::LayerVersion", "Content"),
            ("AWS::ApiGateway::RestApi", "BodyS3Location"),
            ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
            ("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"),
            ("AWS::Glue::Job", "Command.ScriptLocation"),
            ("AWS::AppSync::GraphQLSchema", "DefinitionS3Location"),
            ("AWS::AppSync::Resolver", "RequestMappingTemplateS3Location"),
            ("AWS::AppSync::Resolver", "ResponseMappingTemplateS3Location"),
            ("AWS::AppSync::FunctionConfiguration", "RequestMappingTemplateS3Location"),
            ("AWS::AppSync::FunctionConfiguration", "ResponseMappingTemplateS3Location"),
            ("AWS::CodeCommit::Repository", "Code.S3"),
            ("AWS::ServerlessRepo::Application", "ReadmeUrl"),
            ("AWS::ServerlessRepo::Application", "LicenseUrl"),
        ] {
            let known = ARTIFACT_PROPERTIES.iter().any(|row| row.entry == entry && row.path.join(".") == path && row.origin == AwsCli);
            assert!(known, "{entry} {path}");
        }
    }
}
