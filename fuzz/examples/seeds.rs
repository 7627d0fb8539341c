//! Writes the first inputs of the fuzz targets, made from the tests' templates: `cargo run
//! --example seeds`.
#![allow(clippy::print_stdout, reason = "it prints what it wrote")]

use std::path::Path;

#[path = "../../cfn-render/tests/support/templates.rs"]
mod templates;

fn main() -> std::io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut texts: Vec<String> = templates::PACKAGED.iter().map(|text| (*text).to_owned()).collect();
    for (_, text) in templates::AWKWARD {
        texts.push(text.replace('@', "src"));
        texts.push(text.replace('@', "file.txt").replace("AWS::Serverless::Function", "AWS::Lambda::Function").replace("CodeUri", "Code"));
    }
    texts.push(templates::RESOLVED.to_owned());
    texts.extend(templates::FILES.iter().map(|(_, text)| (*text).to_owned()));
    for target in ["package", "resolve"] {
        let folder = corpus.join(target);
        std::fs::create_dir_all(&folder)?;
        for (index, text) in texts.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{index:03}")), text)?;
        }
        println!("{} texts in {}", texts.len(), folder.display());
    }
    Ok(())
}
