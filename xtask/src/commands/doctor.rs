//! `doctor`: everything that a release needs, in every account, asked at once. Reads only, and needs no release.

mod targets;

use model_release::aws::{GroupReaders, check_accounts, check_artifact_bucket, check_registry};
use model_release::configuration::Configuration;
use model_release::{Diagnostic, DoctorReport, Failure, Stage, stop_on_errors};

use crate::cli::{DoctorOptions, Permissions, given};
use crate::diagnostic::clean;
use crate::exit::Exit;
use crate::hints::completed;
use crate::printer::Printer;
use crate::project::Project;
use crate::requests::{BuildCommand, OptionErrors};
use crate::session;

pub(crate) async fn run(printer: Printer, project: &Project, options: &DoctorOptions) -> Result<Exit, Failure> {
    let readers = readers(options)?;
    let mut command = BuildCommand::read(project, &options.build)?;
    printer.diagnostics(&command.warnings);
    let session = session::open().await?;
    let mut report = DoctorReport::new(crate::tool(), |diagnostic| completed(diagnostic).into_owned());
    let inputs = configuration(printer, &command, &mut report);
    match session.caller().await {
        Ok(caller) => {
            report.ok("credentials", format!("account {}, region {}", caller.account, session.region()));
            let known = check_accounts(&session, &mut command.request, &caller.account, &mut report).await?;
            check_registry(&session, &command.request, &readers, known.iter().all(|known| *known), &mut report).await;
            check_artifact_bucket(&session, command.artifact_bucket.as_deref(), &mut report).await;
            match inputs {
                Some(inputs) => {
                    let look = targets::Look { printer, project, options, session: &session, caller: &caller, inputs: &inputs, known };
                    Box::pin(targets::check(&look, command, &mut report)).await?;
                }
                None => {
                    report.not_reached("targets", "every target", "the configuration is wrong, so what the stacks need is not known");
                }
            }
        }
        Err(failure) => {
            report.failure("credentials", "AWS", &failure);
            report.not_reached("targets", "everything in AWS", "AWS does not say who calls");
        }
    }
    let report = report.ended();
    printer.result(&report, clean(&report.text()));
    Ok(report.worst().map_or(Exit::Done, Exit::from))
}

/// The template and the stages' files, by the checks of `config check`.
fn configuration(printer: Printer, command: &BuildCommand, report: &mut DoctorReport) -> Option<Configuration> {
    let read = Configuration::read(&command.files).and_then(|inputs| {
        command.request.check_early(&inputs)?;
        Ok(inputs)
    });
    match read {
        Ok(inputs) => {
            report.ok("configuration", format!("{}, both stages", inputs.template.path().display()));
            Some(inputs)
        }
        Err(failure) => {
            // With the lines that are meant: a table has no room for them.
            printer.diagnostics_once(failure.diagnostics.clone());
            report.failure("configuration", "the stages' parameters", &failure);
            None
        }
    }
}

/// Who may read the group besides the accounts themselves; and options that only `build` can do something with.
fn readers(options: &DoctorOptions) -> Result<GroupReaders, Failure> {
    let mut asked = OptionErrors::default();
    for (is_given, flag) in [(options.build.choice.registry.is_some(), "--registry"), (options.build.choice.event.is_some(), "--event")] {
        if is_given {
            let diagnostic = Diagnostic::error(format!("`doctor` asks the registry itself and takes no `{flag}`")).named(flag);
            asked.diagnostics.push(diagnostic.with_hint("leave it out; `config check` needs no AWS"));
        }
    }
    if options.permission_model == Permissions::ServiceManaged {
        for stage in Stage::ALL {
            if given(options.stack_set(stage, "").organizational_unit_ids.as_ref()).is_none() {
                let flag = format!("--organizational-unit-{stage}-id");
                let message = format!("service-managed permissions need the organizational units of the {stage} accounts");
                asked.diagnostics.push(Diagnostic::error(message).named(flag));
            }
        }
    }
    let roles = given(options.principal_roles.as_ref()).unwrap_or_default().split(',').map(str::trim).filter(|role| !role.is_empty());
    let roles = roles.filter_map(|role| asked.parsed(role.parse(), "--principal-roles")).collect();
    let organization = given(options.principal_org_id.as_ref()).and_then(|text| asked.parsed(text.parse(), "--principal-org-id"));
    stop_on_errors(asked.diagnostics)?;
    Ok(GroupReaders { roles, organization })
}
