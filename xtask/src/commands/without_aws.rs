//! The commands that need AWS, in a program built without it.

/// A command that fails with a hint.
macro_rules! without_aws {
    ($($name:ident($($argument:ty),+) $instead:literal)+) => {
        $(pub(crate) mod $name {
            use model_release::Failure;

            use terminal::Exit;
            use terminal::Printer;

            pub(crate) async fn run(_: Printer, $(_: &$argument),+) -> Result<Exit, Failure> {
                crate::without_aws(stringify!($name), $instead).await
            }
        })+
    };
}

without_aws! {
    check_release(terminal::Project, command_line::CheckReleaseOptions) "build it with its default features"
    deploy(terminal::Project, command_line::DeployOptions) "build it with its default features"
    doctor(terminal::Project, command_line::DoctorOptions) "build it with its default features; `config check` needs no AWS"
    history(terminal::Project, command_line::HistoryOptions) "build it with its default features"
    plan(terminal::Project, command_line::PlanOptions) "build it with its default features"
    prune(terminal::Project, command_line::PruneOptions) "build it with its default features"
    rollback(terminal::Project, command_line::RollbackOptions) "build it with its default features"
    status(terminal::Project, command_line::StatusOptions) "build it with its default features"
    stop(terminal::Project, command_line::StopOptions) "build it with its default features"
    verify(terminal::Project, command_line::VerifyOptions) "build it with its default features"
    setup(command_line::SetupOptions) "build it with its default features"
    sign_binary(command_line::SignBinaryOptions) "build it with its default features"
    verify_binary(command_line::VerifyBinaryOptions) "build it with its default features"
}
