//! `package`: one template, in place of `aws cloudformation package`, with the same flags.

use std::collections::BTreeMap;

use cfn_render::Template;

use crate::cli::PackageOptions;
use crate::diagnostic::{Diagnostic, Failure};
use crate::exit::Exit;
use crate::files;
use crate::printer::Printer;
use crate::problems;
use crate::stores::{self, Bucket};

pub(crate) async fn run(printer: Printer, options: &PackageOptions) -> Result<Exit, Failure> {
    let metadata = metadata(options.metadata.as_deref())?;
    let text = files::read_text(&options.template_file).map_err(|diagnostic| diagnostic.named("--template-file"))?;
    let template = Template::parse(text.clone(), options.template_file.clone()).map_err(|error| problems::failure(&error, &text))?;
    let bucket = options.s3_bucket.as_ref().map(|name| name.trim()).filter(|name| !name.is_empty()).map(|name| Bucket {
        name: name.to_owned(),
        prefix: options.s3_prefix.clone(),
        kms_key_id: options.kms_key_id.clone(),
        metadata,
        force_upload: options.force_upload,
    });
    let packaged = stores::package(&template, bucket).await?;
    for note in &packaged.notes {
        printer.diagnostic(&problems::of_template(note, &text));
    }
    for upload in &packaged.uploads {
        printer.step(if upload.existed { "Unchanged" } else { "Uploaded" }, &upload.url);
    }
    let output = if options.use_json { as_json(packaged.text, &template)? } else { packaged.text };
    match &options.output_template_file {
        Some(path) => {
            files::write(path, output.as_bytes())?;
            printer.step("Packaged", path.display());
        }
        None => Printer::out(&output),
    }
    Ok(Exit::Done)
}

fn as_json(text: String, template: &Template) -> Result<String, Failure> {
    let packaged = Template::parse(text, template.path()).map_err(|error| problems::failure(&error, template.text()))?;
    Ok(packaged.to_json())
}

/// `KEY=VALUE,KEY=VALUE`, or a JSON object of texts, as the AWS CLI takes it.
fn metadata(text: Option<&str>) -> Result<BTreeMap<String, String>, Failure> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(BTreeMap::new()) };
    if text.starts_with('{') {
        return serde_json::from_str(text).map_err(|error| wrong_metadata(&error.to_string()));
    }
    text.split(',')
        .map(|pair| match pair.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
            _ => Err(wrong_metadata(&format!("`{pair}` is no KEY=VALUE"))),
        })
        .collect()
}

fn wrong_metadata(reason: &str) -> Failure {
    Diagnostic::error(format!("the metadata cannot be read: {reason}"))
        .named("--metadata")
        .hinting("write KEY=VALUE pairs with commas between them, or a JSON object")
        .into()
}
