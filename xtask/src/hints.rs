//! Hints of this program for the libraries' findings: the libraries know no options or commands.

use std::borrow::Cow;

use call_fault::Fault;
use endpoint_test::{FindingCode, Problem, ProblemCode, Report};
use model_release::{Diagnostic, Place};

const NO_GOLDEN_FILE: &str = "write it with --update-golden, and review the file";

/// The finding with this program's option and hint instead of the library's neutral ones.
pub(crate) fn completed(diagnostic: &Diagnostic) -> Cow<'_, Diagnostic> {
    let subject = diagnostic.subject.as_deref().unwrap_or_default();
    let xtask = terminal::program();
    let (option, hint) = match diagnostic.code {
        Some("access-denied") => {
            let allow = Fault::AccessDenied.hint(subject);
            (None, format!("{allow}; docs/permissions.md lists the actions that each command needs"))
        }
        Some("approval-withdrawn") => {
            (None, "release another model package, or approve this one again in the model registry and retry the stage".to_owned())
        }
        Some("approval-names-no-release") => {
            (None, "show it in the approval: add RELEASE_MANIFEST_SHA256 of the build to the CustomData of the approval action".to_owned())
        }
        Some("approval-of-another-release") => (None, "get this release approved: start the pipeline again, and do not mix executions".to_owned()),
        Some("approval-pending") => (None, "run `check-release` after the approval action".to_owned()),
        Some("approval-rejected") => (None, "fix what the approver objects to, then build and test a new release".to_owned()),
        Some("approver-is-registrant") => (None, "let another person approve: start the pipeline again".to_owned()),
        Some("approver-not-known") => {
            let accept = "set `other_person` of the release policy to `if-known`, which accepts what is not known";
            (None, format!("register and approve with IAM users or IAM Identity Center, or {accept}"))
        }
        Some("baseline") => (Some("--compare-with".to_owned()), String::new()),
        Some("baseline-without-role") => {
            (Some("--compare-with".to_owned()), "name a role that is allowed to invoke it with --role-name".to_owned())
        }
        Some("bucket-missing") => (None, "create it, or name another one with --artifact-bucket".to_owned()),
        Some("captured-requests") => (Some("--replay".to_owned()), String::new()),
        Some("container-url") => (Some("--endpoint-url".to_owned()), String::new()),
        Some("deployed-package-unknown") => (
            None,
            "allow `cloudformation:DescribeStackSet` and `cloudformation:ListStackInstances`, or pass the deployed package with --deployed-model-package"
                .to_owned(),
        ),
        Some("endpoints-not-updated") => {
            let (stage, targets) = subject.split_once(' ').unwrap_or_default();
            let again = targets.replace(' ', " --reapply ");
            let cause = "SageMaker rolled the endpoint back, for example because of an alarm: find the cause";
            (None, format!("{cause}, then update it again with `{xtask} deploy --stage {stage} --reapply {again}`"))
        }
        Some("endpoints-to-recreate") => {
            let (stage, targets) = subject.split_once(' ').unwrap_or_default();
            let mut accounts: Vec<_> = targets.split(' ').filter_map(|target| Some(target.split_once('/')?.0)).collect();
            accounts.dedup();
            let (instances, accounts) = (targets.replace(' ', " --instance "), accounts.join(","));
            (None, format!("find the cause, delete the stack with all its endpoints: `{xtask} prune --stage {stage} --instance {instances} --even-targets`, then create it again: `{xtask} deploy --stage {stage} --accounts {accounts}`"))
        }
        Some("file-exists") => (None, "name another folder, or move the file away: nothing was written".to_owned()),
        Some("evidence-too-old") => (None, "run the pipeline again: it tests the release in staging and asks for a new approval".to_owned()),
        Some("execution-role-missing") => (None, "create it, or name another one with --execution-role-name".to_owned()),
        Some("frozen") => {
            let change = format!("change `freeze` in `{subject}` and build the release again");
            (None, format!("deploy after the freeze, {change}, or deploy now with --during-freeze REASON, which is recorded"))
        }
        Some("group-missing") => (None, "run `setup`, which creates and shares it".to_owned()),
        Some("group-not-shared") => (None, "run `setup`, which writes the policy; `setup --check` shows the difference".to_owned()),
        Some("history-altered") => (
            None,
            "find out who changed it: the versions of the object in the bucket show when; docs/history.md says how to protect it".to_owned(),
        ),
        Some("history-of-another-project") => (Some("--history, RELEASE_HISTORY".to_owned()), "build the release for this project".to_owned()),
        Some("inoperable-instance") => (
            None,
            format!(
                "CloudFormation skips it in every update: remove it from the stack set and retain its stack (`prune` for the same stage with --instance {subject} --even-targets --retain-stacks), delete the stack manually, then run again"
            ),
        ),
        Some("lock-damaged") => (None, "restore the file: `git checkout -- xtask.lock`".to_owned()),
        Some("lock-of-later-version") => (None, format!("run `{xtask} upgrade` of that version, or name this one with --to")),
        Some("model-package-changed") => (None, "build the release again and test it in staging".to_owned()),
        Some("model-role-missing") => (None, "deploy pipeline/target-account.yml there, or name an existing role".to_owned()),
        Some("no-approval") => {
            (Some("--pipeline, --approval".to_owned()), "name the approved execution with --pipeline and --pipeline-execution, or a file with --approval".to_owned())
        }
        Some("no-approval-recorded") => {
            (None, "the pipeline needs an approval action, and the environment of GitHub required reviewers (--approval-environment)".to_owned())
        }
        Some("no-approval-in-history" | "no-staging-tests-in-history") => (
            None,
            "record it with `check-release` or `test-staging` and --history; in an emergency, add --skip-staging with --reason TEXT".to_owned(),
        ),
        Some("no-history" | "not-a-history") => {
            (Some("--history, RELEASE_HISTORY".to_owned()), "name it as s3://BUCKET/PREFIX, a bucket with versioning".to_owned())
        }
        Some("not-a-release-name") => {
            (Some("--to, ROLLBACK_TO".to_owned()), "write 8 or more digits of its digest, or the version or ARN of its model package".to_owned())
        }
        Some("not-in-history") => (None, "`history` shows what is recorded; a build with --history records a release".to_owned()),
        Some("nothing-to-go-back-to") => (None, "name the release with --to, or deploy it with `deploy`".to_owned()),
        Some("several-releases") => (Some("--to, ROLLBACK_TO".to_owned()), "name one of them by its digest".to_owned()),
        Some("no-fleet-role") => (None, "name one with --role-name".to_owned()),
        Some("no-list" | "not-a-snapshot") => {
            (None, "save the output of `aws sagemaker list-model-packages`, or write the file with `registry snapshot`".to_owned())
        }
        Some("no-staging-tests" | "staging-tests-of-another-release") => {
            (None, "run `test-staging` for this release and pass its results with --staging-results, or use --without-staging-tests".to_owned())
        }
        Some("no-such-package") => (Some("--model-package, MODEL_PACKAGE".to_owned()), "`registry list` shows the versions".to_owned()),
        Some("no-such-package-of-event") => (Some("--event".to_owned()), "`registry list` shows the versions".to_owned()),
        Some("no-such-regional-package") => {
            (None, format!("`registry list` with AWS_REGION={subject} shows the versions; name one with --regional-model-package"))
        }
        Some("no-such-execution") => (
            None,
            "name a pipeline of this account and region, and one of its executions; CodePipeline keeps them for 12 months".to_owned(),
        ),
        Some("no-such-instance") => (None, "`plan` lists orphaned stack instances".to_owned()),
        Some("no-release") => (None, "`build` writes a release; name its folder with --build-dir".to_owned()),
        Some("not-an-account-of-the-release") => (Some("--accounts".to_owned()), String::new()),
        Some("not-a-seed") => (Some("--from-seed".to_owned()), String::new()),
        Some("not-a-fleet-tag") => (Some("--tag".to_owned()), String::new()),
        Some("not-a-region-of-the-release") => (Some("--regions".to_owned()), String::new()),
        Some("not-an-approval") => (
            None,
            "save the output of `gh api repos/OWNER/REPO/actions/runs/RUN/approvals` or `aws codepipeline list-action-executions --pipeline-name PIPELINE --filter pipelineExecutionId=EXECUTION-ID`".to_owned(),
        ),
        Some("not-passed-by-codepipeline") => {
            let hint = "for a CloudFormation action, which can pass them, add --template-configuration; for a stack set, put tags into the template";
            (None, hint.to_owned())
        }
        Some("not-the-approved-release") => (Some("--release-sha256, RELEASE_MANIFEST_SHA256".to_owned()), String::new()),
        Some(code @ ("operation-in-progress" | "operation-in-progress-of-deploy")) => {
            let again = if code == "operation-in-progress" { "when it has finished" } else { "with --wait-for-other" };
            let stop = match subject.strip_suffix(" delegated-admin") {
                Some(stage) => format!("`xtask stop --stage {stage} --call-as delegated-admin`"),
                None => format!("`xtask stop --stage {subject}`"),
            };
            (None, format!("run again {again}, or stop it: {stop}"))
        }
        Some(code @ ("orphan" | "inoperable-orphan")) => {
            let (stage, target) = subject.split_once(' ').unwrap_or_default();
            let retained = if code == "orphan" { "" } else { " --retain-stacks" };
            (None, format!("remove it with `{xtask} prune --stage {stage} --instance {target}{retained}`"))
        }
        Some("outside-artifact") => (None, "copy it into that folder; `package` accepts it with --allow-outside".to_owned()),
        Some("overridden-model-package") => (None, "name another region's model package with --regional-model-package".to_owned()),
        Some("overrides-not-passed") => (None, format!("deploy this stage with `{xtask} deploy --stage {subject}`, which passes them")),
        Some(code @ ("package-not-shared" | "package-not-shared-in-region")) => {
            let region = subject.split(':').nth(3).filter(|_| code == "package-not-shared-in-region");
            let variable = region.map(|region| format!("AWS_REGION={region} ")).unwrap_or_default();
            let share = format!("share the group with the account (`{variable}{xtask} setup`)");
            (None, format!("{share}, and grant `sagemaker:DescribeModelPackage` to the role there"))
        }
        Some("other-version") => {
            (Some("--to".to_owned()), "obtain that version's binary, and run its `upgrade`: it has the files of its version".to_owned())
        }
        Some("package-of-other-region") => (None, "build the release with --regional-model-package for this region".to_owned()),
        Some("package-of-own-region") => (Some("--regional-model-package".to_owned()), "select it with --model-package".to_owned()),
        Some("package-without-region") => {
            (Some("--regional-model-package".to_owned()), format!("add it to --regions ({subject}), or omit it"))
        }
        Some("region-without-package") => (
            None,
            format!(
                "an endpoint's image and artifacts must be in its own region: register the model there and name it, such as --regional-model-package {subject}=same-version, or remove the region from --regions"
            ),
        ),
        Some("no-binary-provenance") => (None, "sign a binary that `cargo xtask dist` built, with its .provenance.json beside it".to_owned()),
        Some("no-public-key") => (None, "save the public key that `aws kms get-public-key --key-id KEY-ARN` returns as PEM, and name the file in the release policy or with --public-key".to_owned()),
        Some("no-trusted-key") => (
            None,
            "pin it in the release policy: \"signatures\": { \"public_key\": \"release-key.pem\" }; `verify` also accepts --public-key".to_owned(),
        ),
        Some("pin-parameter") => (Some("--from-parameter".to_owned()), String::new()),
        Some("pin-sha256") => (Some("--sha256".to_owned()), String::new()),
        Some("pin-url") => (Some("--url".to_owned()), String::new()),
        Some("reapply-parameter") => (
            None,
            "declare it in the template with an empty default, use it in an environment variable of the model, and build the release again"
                .to_owned(),
        ),
        Some("reapply-target") => (None, "name a target of the stage with --reapply, as `plan` lists them".to_owned()),
        Some("binary-record-missing") => (None, "name it with --record; `sign-binary` writes it".to_owned()),
        Some("binary-record-refused") => (None, "do not run this binary: find out who built and signed it".to_owned()),
        Some("record-missing") => (None, "sign with --sign-with: `build` signs the provenance, `test-staging` its results, `check-release` that it is allowed".to_owned()),
        Some("record-of-another-key") => (None, "find out who signed it; pin another key only if your team signs with it".to_owned()),
        Some("record-refused") => {
            (None, "do not deploy it: restore the signed files, or build, test and sign the release again".to_owned())
        }
        Some("rollout-incomplete") => {
            let (stage, accounts) = subject.split_once(' ').unwrap_or_default();
            let only = format!("add --accounts {accounts} to leave all others as they are");
            (None, format!("fix the cause, then run `{xtask} deploy --stage {stage}`, which updates only what does not have the release; {only}"))
        }
        Some("signing-key") => (Some("--sign-with, SIGNING_KEY_ARN".to_owned()), "create one with `aws kms create-key --key-usage SIGN_VERIFY --key-spec ECC_NIST_P256`".to_owned()),
        Some("signing-key-arn") => {
            (Some("--sign-with, SIGNING_KEY_ARN".to_owned()), "name it as in arn:aws:kms:REGION:ACCOUNT:key/ID or …:alias/NAME".to_owned())
        }
        Some("template-not-uploaded") => {
            (Some("--artifact-bucket, ARTIFACT_BUCKET".to_owned()), "name a bucket to upload it to, in this account and region".to_owned())
        }
        Some("template-too-large-for-codepipeline") => (
            None,
            "move resources into nested stacks, or build with --no-pipeline and roll the release out with `deploy`".to_owned(),
        ),
        Some("stack-set-name") => {
            (Some(format!("--sagemaker-project-name, --sagemaker-project-id, --env-type-{subject}-name")), String::new())
        }
        Some("staging-tests-not-passed") => {
            (None, "fix the failed tests and test staging again, or deploy without them with --without-staging-tests".to_owned())
        }
        Some("staging-tests-partial") => {
            (None, "run `test-staging` without --case for this release and pass its results with --staging-results".to_owned())
        }
        Some("too-many-parallel-accounts") => {
            let fewer = format!("use --max-concurrent-count {subject}, without --region-concurrency parallel");
            (None, format!("{fewer}, or change `max_parallel_accounts` of the release policy and build the release again"))
        }
        Some("unapproved") => (Some("--allow-unapproved".to_owned()), String::new()),
        Some("trusted-key") => (
            Some("--trusted-build-key, --trusted-test-key".to_owned()),
            "name the KMS key that signs these records, as in arn:aws:kms:REGION:ACCOUNT:key/ID".to_owned(),
        ),
        Some("waves-of-the-request") => (Some("--prod-waves, PROD_WAVES".to_owned()), String::new()),
        Some("units-without-aws") => (None, "--registry makes no calls to AWS: name the accounts".to_owned()),
        _ if diagnostic.hint.is_none() && matches!(diagnostic.place, Some(Place::Aws { .. })) => {
            (None, "AWS's message says why; AWS Support finds the call by its request id".to_owned())
        }
        _ => return Cow::Borrowed(diagnostic),
    };
    let mut completed = diagnostic.clone();
    if !hint.is_empty() {
        completed.hint = Some(hint);
    }
    if completed.place.is_none() {
        completed.place = option.map(Place::Named);
    }
    Cow::Owned(completed)
}

/// The hint for a problem in a suite.
pub(crate) fn of_suite_problem(problem: &Problem) -> Option<String> {
    match problem.code {
        Some(ProblemCode::GoldenFileMissing) => Some(NO_GOLDEN_FILE.to_owned()),
        Some(ProblemCode::VariableWithoutValue) => {
            let name = problem.subject.as_deref().unwrap_or_default();
            Some(format!("set it with `--var {name}=VALUE`, or set a default under `variables`; write `$${{` for a literal `${{`"))
        }
        _ => problem.hint.clone(),
    }
}

/// The report with this program's hints.
pub(crate) fn in_report(mut report: Report) -> Report {
    let of_code = |code| match code {
        FindingCode::GoldenFileMissing => Some(NO_GOLDEN_FILE),
        FindingCode::GoldenFileDiffers => Some("if the new response is correct, write it with --update-golden"),
        FindingCode::NotProven => Some("add rows, or change the limit or its confidence; --check prints how many rows a limit needs"),
        FindingCode::GeneratorLate => Some("use a larger machine, a lower rate, or fewer endpoints at once (`--jobs`)"),
        _ => None,
    };
    for target in &mut report.targets {
        let checks = target.checks.iter_mut().chain(target.cases.iter_mut().flat_map(|case| &mut case.checks));
        let checks = checks.map(|check| (check.code, &mut check.hint));
        let load = target.load.iter_mut().map(|load| (load.code, &mut load.hint));
        for (code, hint) in checks.chain(load) {
            if let Some(text) = code.and_then(of_code) {
                *hint = Some(text.to_owned());
            }
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with the program's name as the hints have it.
    fn named(text: &str) -> String {
        text.replace("{xtask}", terminal::program())
    }

    fn hint(code: &'static str, subject: &str) -> String {
        completed(&Diagnostic::warning("found").code(code).about(subject)).hint.clone().unwrap()
    }

    #[test]
    fn hints_have_the_whole_command() {
        let recreate = hint("endpoints-to-recreate", "prod 222222222222/eu-west-1 222222222222/us-east-1 333333333333/us-east-1");
        let prune = "`{xtask} prune --stage prod --instance 222222222222/eu-west-1 --instance 222222222222/us-east-1 --instance 333333333333/us-east-1 --even-targets`";
        assert!(recreate.contains(&named(prune)), "{recreate}");
        assert!(recreate.contains(&named("`{xtask} deploy --stage prod --accounts 222222222222,333333333333`")), "{recreate}");
        let remove = named("remove it with `{xtask} prune --stage staging --instance 444444444444/us-east-1");
        assert_eq!(hint("orphan", "staging 444444444444/us-east-1"), format!("{remove}`"));
        assert_eq!(hint("inoperable-orphan", "staging 444444444444/us-east-1"), format!("{remove} --retain-stacks`"));
        for code in ["operation-in-progress", "operation-in-progress-of-deploy"] {
            assert!(hint(code, "prod").ends_with(", or stop it: `xtask stop --stage prod`"));
            assert!(hint(code, "prod delegated-admin").ends_with("`xtask stop --stage prod --call-as delegated-admin`"));
        }
        let package = "arn:aws:sagemaker:eu-west-1:111111111111:model-package/iris/5";
        assert!(hint("package-not-shared", package).contains(&named("(`{xtask} setup`)")));
        assert!(hint("package-not-shared-in-region", package).contains(&named("(`AWS_REGION=eu-west-1 {xtask} setup`)")));
    }
}
