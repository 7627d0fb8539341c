//! First suites, made from files.

use std::path::Path;

use endpoint_test::{DraftError, DraftOptions, Suite, SuiteDraft, SuiteOptions};
use tempfile::TempDir;

const FLOWERS: &str = "sepal,petal,species\n5.1,1.4,setosa\n6.0,4.1,versicolor\n4.9,1.5,setosa\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn draft(folder: &TempDir, source: &str, label: Option<&str>) -> Result<SuiteDraft, DraftError> {
    let options = DraftOptions { label: label.map(str::to_owned), ..DraftOptions::default() };
    SuiteDraft::read(&folder.path().join(source), &folder.path().join("test/endpoint-tests.yaml"), &options)
}

/// Writes a draft as a program does, and reads it as a suite.
fn written(draft: &SuiteDraft) -> Suite {
    for (path, content) in &draft.files {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let (suite, _) = draft.files.last().unwrap();
    Suite::load_with(suite, &SuiteOptions::default()).unwrap_or_else(|errors| panic!("{errors}\n{}", draft.text))
}

/// The files to write, relative to the folder.
fn files(folder: &TempDir, draft: &SuiteDraft) -> Vec<String> {
    draft.files.iter().map(|(path, _)| path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn labelled_rows_become_a_case_with_the_limit_of_a_constant_prediction() {
    let folder = folder(&[("data/flowers.csv", FLOWERS)]);
    let draft = draft(&folder, "data/flowers.csv", Some("species")).unwrap();
    assert_eq!(files(&folder, &draft), ["test/payloads/flowers.csv", "test/endpoint-tests.yaml"]);
    insta::assert_snapshot!(draft.text, @r#"
    # A first suite, made from flowers.csv. Replace what does not fit the model.
    version: 1

    defaults:
      timeout: 10s

    cases:
      # Each row of the file is a request. Its label, species, is not sent.
      - name: labelled rows are predicted
        # `as` sends the rows in another format, such as json_instances or json_records.
        payload: { rows: { file: payloads/flowers.csv, drop: species } }
        accept: text/csv
        expect:
          metrics:
            label: species
            # Where the prediction is in a response: a place such as /predictions/0/label, a column of CSV
            # such as { column: 0 }, or text for all of it.
            prediction: text
            # The most frequent of 2 labels is that of 2 of 3 rows.
            # Set the limit that the model must keep.
            accuracy: { at_least: 0.6666 }
    "#);
    let suite = written(&draft);
    assert!(suite.warnings().is_empty());
    let requests = suite.cases()[0].requests(std::time::Duration::from_secs(1));
    assert_eq!(requests.iter().map(|request| request.body.as_ref()).collect::<Vec<_>>(), [&b"5.1,1.4"[..], b"6.0,4.1", b"4.9,1.5"]);
}

#[test]
fn a_file_in_the_suites_folder_stays_where_it_is() {
    let folder = folder(&[("test/data/deep/flowers.csv", FLOWERS)]);
    let draft = draft(&folder, "test/data/deep/flowers.csv", Some("species")).unwrap();
    assert_eq!(files(&folder, &draft), ["test/endpoint-tests.yaml"]);
    assert!(draft.text.contains("file: data/deep/flowers.csv"), "{}", draft.text);
    written(&draft);
}

#[test]
fn json_lines_and_a_place_in_json_are_possible() {
    let folder =
        folder(&[("reviews.jsonl", "{\"inputs\":\"so good\",\"label\":\"POSITIVE\"}\n{\"inputs\":\"bad\",\"label\":\"NEGATIVE\"}\n")]);
    let options = DraftOptions { label: Some("label".to_owned()), prediction: Some("$[0].label".to_owned()) };
    let draft = SuiteDraft::read(&folder.path().join("reviews.jsonl"), &folder.path().join("test/endpoint-tests.yaml"), &options).unwrap();
    assert!(draft.text.contains("accept: application/json\n") && draft.text.contains("prediction: \"$[0].label\""), "{}", draft.text);
    assert_eq!(written(&draft).cases()[0].requests(std::time::Duration::from_secs(1)).len(), 2);
    let options = DraftOptions { prediction: Some("label".to_owned()), ..options };
    let error = SuiteDraft::read(&folder.path().join("reviews.jsonl"), Path::new("suite.yaml"), &options).unwrap_err();
    assert!(error.to_string().starts_with("`label` is not a JSON Pointer"), "{error}");
}

#[test]
fn each_payload_of_a_folder_becomes_a_case_whatever_its_name_is() {
    let folder = folder(&[
        ("samples/one.csv", "5.1,1.4\n"),
        ("samples/two.json", "{}"),
        ("samples/3: ${odd}, \"name\" #.bin", "x"),
        ("samples/.hidden", "x"),
        ("samples/below/no.csv", "x"),
        ("samples/true", "x"),
    ]);
    let draft = draft(&folder, "samples", None);
    // A colon cannot be in a path of a suite.
    assert!(matches!(draft, Err(DraftError::Invalid(_))), "{draft:?}");
    std::fs::rename(folder.path().join("samples/3: ${odd}, \"name\" #.bin"), folder.path().join("samples/3 ${odd}, \"name\" #.bin"))
        .unwrap();
    let draft = self::draft(&folder, "samples", None).unwrap();
    assert_eq!(draft.cases, 4);
    let suite = written(&draft);
    let names: Vec<_> = suite.cases().iter().map(endpoint_test::Case::name).collect();
    assert_eq!(
        names,
        ["3 ${odd}, \"name\" #.bin gets a response", "one.csv gets a response", "true gets a response", "two.json gets a response"]
    );
    let requests: Vec<_> = suite.cases().iter().map(|case| case.request(std::time::Duration::from_secs(1)).unwrap().content_type).collect();
    assert_eq!(requests, ["application/octet-stream", "text/csv", "application/octet-stream", "application/json"]);
}

#[test]
fn what_cannot_be_a_suite_is_refused_with_its_reason() {
    let folder = folder(&[
        ("flowers.csv", FLOWERS),
        ("same.csv", "x,label\n1,a\n2,a\n"),
        ("hole.csv", "x,label\n1,a\n2,\n"),
        ("broken.csv", "x,label\n1,a\n2\n"),
        ("empty/.keep", ""),
        ("broken.tar.gz", "no archive"),
    ]);
    let message = |source: &str, label: Option<&str>| {
        let message = draft(&folder, source, label).unwrap_err().to_string();
        message.replace(&folder.path().display().to_string(), "FOLDER")
    };
    assert_eq!(
        message("flowers.csv", Some("kind")),
        "`FOLDER/flowers.csv` has no column `kind`; its columns are `sepal`, `petal`, `species`"
    );
    assert_eq!(
        message("same.csv", Some("label")),
        "the labels `label`: all 2 rows have the same one, so that every constant model is right"
    );
    assert_eq!(message("hole.csv", Some("label")), "`FOLDER/hole.csv` cannot be read as labelled rows: line 3 has no `label`");
    let broken = message("broken.csv", Some("label"));
    assert!(broken.starts_with("`FOLDER/broken.csv` cannot be read") && broken.contains("line 3 has 1 fields"), "{broken}");
    assert_eq!(message("empty", None), "the folder `FOLDER/empty` has no files");
    assert!(message("empty", Some("label")).contains("has no files"));
    assert!(message("nothing.csv", None).starts_with("cannot read `FOLDER/nothing.csv`: "));
    assert!(message("broken.tar.gz", None).contains("not a tar.gz archive"));
}

#[test]
fn files_with_another_content_are_named_before_they_are_replaced() {
    let folder = folder(&[("flowers.csv", FLOWERS)]);
    let draft = draft(&folder, "flowers.csv", Some("species")).unwrap();
    assert!(draft.replaced().is_empty());
    written(&draft);
    assert!(draft.replaced().is_empty());
    std::fs::write(folder.path().join("test/payloads/flowers.csv"), "other").unwrap();
    assert_eq!(draft.replaced(), [folder.path().join("test/payloads/flowers.csv")]);
    std::fs::write(folder.path().join("test/endpoint-tests.yaml"), "other").unwrap();
    assert_eq!(draft.replaced().len(), 2);
}
