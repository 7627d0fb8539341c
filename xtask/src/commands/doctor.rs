//! `doctor`: checks all prerequisites of a release in every account. Changes nothing.

mod targets;

use model_release::aws::{GroupReaders, check_accounts, check_artifact_bucket, check_registry};
use model_release::configuration::Configuration;
use model_release::{Diagnostic, DoctorReport, Failure, Stage, stop_on_errors};

use crate::hints::completed;
use crate::requests::{BuildCommand, OptionErrors};
use crate::session;
use command_line::{DoctorOptions, Permissions, non_empty};
use terminal::{Exit, Printer, Project, clean};

pub(crate) async fn run(printer: Printer, project: &Project, options: &DoctorOptions) -> Result<Exit, Failure> {
    let readers = readers(options)?;
    let mut command = BuildCommand::read(project, &options.build)?;
    printer.diagnostics(&command.warnings);
    let session = session::open().await?;
    let mut report = DoctorReport::new(crate::tool(), |diagnostic| completed(diagnostic).into_owned());
    let inputs = configuration(printer, &command, &mut report);
    match session.caller().await {
        Ok(caller) => {
            report.called_from(caller.account.clone(), session.region().clone());
            report.ok("credentials", format!("account {}, region {}", caller.account, session.region()));
            let known = check_accounts(&session, &mut command.request, &caller.account, &mut report).await?;
            check_registry(&session, &command.request, &readers, known.iter().all(|known| *known), &mut report).await;
            check_artifact_bucket(&session, command.artifact_bucket.as_deref(), &mut report).await;
            match inputs {
                Some(inputs) => {
                    let checks =
                        targets::TargetChecks { printer, project, options, session: &session, caller: &caller, inputs: &inputs, known };
                    Box::pin(targets::check(&checks, command, &mut report)).await?;
                }
                None => {
                    report.not_reached("targets", "every target", "the configuration is invalid, so the needs of the stacks are unknown");
                }
            }
        }
        Err(failure) => {
            report.failure("credentials", "AWS", &session.located(failure).await);
            report.not_reached("targets", "everything in AWS", "the caller's identity is unknown");
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
            // Printed here with the source lines: the table has no room for them.
            printer.diagnostics_once(failure.diagnostics.clone());
            report.failure("configuration", "the stages' parameters", &failure);
            None
        }
    }
}

/// The roles and organization that `setup` shares the group with; rejects options only for `build`.
fn readers(options: &DoctorOptions) -> Result<GroupReaders, Failure> {
    let mut errors = OptionErrors::default();
    for (is_set, flag) in [(options.build.choice.registry.is_some(), "--registry"), (options.build.choice.event.is_some(), "--event")] {
        if is_set {
            let diagnostic =
                Diagnostic::error(format!("`doctor` reads the registry of SageMaker and does not support `{flag}`")).named(flag);
            errors.diagnostics.push(diagnostic.with_hint("remove it; `config check` needs no AWS"));
        }
    }
    if options.permission_model == Permissions::ServiceManaged {
        for stage in Stage::ALL {
            if non_empty(options.stack_set(stage, "").access.organizational_unit_ids.as_ref()).is_none() {
                let flag = format!("--organizational-unit-{stage}-id");
                let message = format!("service-managed permissions need the organizational units of the {stage} accounts");
                errors.diagnostics.push(Diagnostic::error(message).named(flag));
            }
        }
    }
    let roles = non_empty(options.principal_roles.as_ref()).unwrap_or_default().split(',').map(str::trim).filter(|role| !role.is_empty());
    let roles = roles.filter_map(|role| errors.parsed(role.parse(), "--principal-roles")).collect();
    let organization = non_empty(options.principal_org_id.as_ref()).and_then(|text| errors.parsed(text.parse(), "--principal-org-id"));
    stop_on_errors(errors.diagnostics)?;
    Ok(GroupReaders { roles, organization })
}
