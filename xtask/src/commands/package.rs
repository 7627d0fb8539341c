//! `package`: packages one template, with the flags of `aws cloudformation package`.

use cfn_render::Template;

use crate::stores::{self, Bucket};
use command_line::{PackageOptions, non_empty};
use model_release::problems;
use model_release::{Diagnostic, Failure, Level, PackageResult, artifact_metadata};
use terminal::{Exit, files};
use terminal::{Format, Printer};

pub(crate) async fn run(printer: Printer, options: &PackageOptions) -> Result<Exit, Failure> {
    for (option, reason) in options.aws_cli.ignored() {
        printer.diagnostic(&Diagnostic::new(Level::Note, format!("`{option}` of the AWS CLI has no effect here")).detail(reason));
    }
    let metadata = artifact_metadata(options.metadata.as_deref().unwrap_or_default()).map_err(|found| found.named("--metadata"))?;
    let template = read(options)?;
    if let Some(path) = &options.output_template_file {
        // Checked before anything is uploaded.
        files::check_writable(path)?;
    }
    let bucket = non_empty(options.s3_bucket.as_ref()).map(|name| stores::bucket_name(name, "--s3-bucket", "--s3-prefix")).transpose()?;
    let bucket = bucket.map(|name| Bucket {
        name,
        prefix: options.s3_prefix.clone(),
        kms_key_id: non_empty(options.kms_key_id.as_ref()).map(str::to_owned),
        metadata,
        force_upload: options.force_upload,
        expected_owner: non_empty(options.expected_bucket_owner.as_ref()).map(str::to_owned),
        session: options.aws_cli.clone(),
        folder: options.artifact_dir.clone(),
    });
    let mut packaging = cfn_render::PackageOptions::default();
    packaging.escape_non_ascii = options.escape_non_ascii;
    packaging.within = stores::boundary(&options.template_file).filter(|_| !options.allow_outside);
    let packaged = stores::package(printer, &template, &packaging, bucket).await?;
    for note in &packaged.notes {
        printer.diagnostic(&problems::of_template(note, template.text()));
    }
    for upload in &packaged.uploads {
        printer.step(if upload.existed { "Unchanged" } else { "Uploaded" }, &upload.url);
    }
    let text = if options.use_json { as_json(&packaged.text, &template, options.escape_non_ascii)? } else { packaged.text.clone() };
    if let Some(path) = &options.output_template_file {
        files::write(path, text.as_bytes())?;
        printer.step("Packaged", path.display());
    }
    match (printer.format, &options.output_template_file) {
        (Format::Json, path) => printer.result(&PackageResult::new(&packaged, &text, path.as_deref(), crate::tool()), ""),
        (Format::Text | Format::Markdown, None) => Printer::out(&text),
        (Format::Text | Format::Markdown, Some(_)) => {}
    }
    Ok(Exit::Done)
}

/// The template's file. It must be a regular file, since the template's paths are relative to it.
fn read(options: &PackageOptions) -> Result<Template, Failure> {
    let path = &options.template_file;
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let diagnostic = Diagnostic::error(format!("`{}` is a folder, a pipe or a device, not a template file", path.display()));
        return Err(diagnostic
            .named("--template-file")
            .with_hint("name a regular file: the paths in a template are relative to it")
            .into());
    }
    let text = files::read_template(path).map_err(|diagnostic| diagnostic.named("--template-file"))?;
    Template::parse(text.clone(), path.clone()).map_err(|error| problems::failure(&error, &text))
}

fn as_json(text: &str, template: &Template, escape: bool) -> Result<String, Failure> {
    let packaged = Template::parse(text, template.path()).map_err(|error| problems::failure(&error, text))?;
    Ok(if escape { packaged.to_ascii_json() } else { packaged.to_json() })
}
