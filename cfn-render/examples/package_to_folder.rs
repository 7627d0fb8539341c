//! Packages a template into a folder instead of a bucket, and prints it:
//! `cargo run -p cfn-render --no-default-features --example package_to_folder -- template.yml out`
//!
//! Without arguments, it packages a template of its own with one function.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use cfn_render::store::Directory;
use cfn_render::{Error, PackageOptions, Packaged, Template};

const TEMPLATE: &str = "Resources:
  Function: # this comment stays
    Type: AWS::Serverless::Function
    Properties: { Runtime: python3.13, Handler: app.handler, CodeUri: app }
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let packaged = match arguments.as_slice() {
        [template, folder] => package(template.as_ref(), folder.as_ref()).await,
        [] => own_template().await,
        _ => Err("usage: package_to_folder TEMPLATE FOLDER".to_owned()),
    };
    match packaged {
        Ok(packaged) => {
            for upload in &packaged.uploads {
                eprintln!("{} -> {}", upload.source.display(), upload.url);
            }
            print!("{}", packaged.text);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn own_template() -> Result<Packaged, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).map_err(|error| error.to_string());
    fs::create_dir(folder.path().join("app")).map_err(|error| error.to_string())?;
    write("app/app.py", "def handler(event, context): return event\n")?;
    write("template.yml", TEMPLATE)?;
    let packaged = package(&folder.path().join("template.yml"), &folder.path().join("out")).await?;
    assert_eq!(packaged.uploads.len(), 1);
    assert!(packaged.text.contains("s3://bucket/") && packaged.text.contains("# this comment stays"), "{}", packaged.text);
    Ok(packaged)
}

async fn package(path: &Path, folder: &Path) -> Result<Packaged, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let store = Directory::new(folder, "bucket", "eu-west-1");
    let packaged = async { Template::parse(text, path)?.package(&store, &PackageOptions::default()).await };
    packaged.await.map_err(|error: Error| {
        let described = error.problems().iter().map(|problem| match &problem.hint {
            Some(hint) => format!("{problem}\n  hint: {hint}"),
            None => problem.to_string(),
        });
        described.collect::<Vec<_>>().join("\n")
    })
}
