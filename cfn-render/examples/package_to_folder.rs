//! Packages a template into a folder instead of a bucket, and prints it:
//! `cargo run -p cfn-render --no-default-features --example package_to_folder -- template.yml out`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints")]

use std::process::ExitCode;

use cfn_render::store::Directory;
use cfn_render::{Error, PackageOptions, Packaged, Template};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(folder)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: package_to_folder TEMPLATE FOLDER");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    match package(text, &path, &folder).await {
        Ok(packaged) => {
            for upload in &packaged.uploads {
                eprintln!("{} -> {}", upload.source.display(), upload.url);
            }
            print!("{}", packaged.text);
            ExitCode::SUCCESS
        }
        Err(error) => {
            for problem in error.problems() {
                eprintln!("{problem}");
                if let Some(hint) = &problem.hint {
                    eprintln!("  hint: {hint}");
                }
            }
            ExitCode::FAILURE
        }
    }
}

async fn package(text: String, path: &str, folder: &str) -> Result<Packaged, Error> {
    let store = Directory::new(folder, "bucket", "eu-west-1");
    Template::parse(text, path)?.package(&store, &PackageOptions::default()).await
}
