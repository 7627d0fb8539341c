//! The commands that need AWS, in a program built without it.

/// A command that fails with a hint.
macro_rules! without_aws {
    ($($name:ident($($argument:ty),+) $instead:literal)+) => {
        $(pub(crate) mod $name {
            use model_release::Failure;

            use crate::exit::Exit;
            use crate::printer::Printer;

            pub(crate) async fn run(_: Printer, $(_: &$argument),+) -> Result<Exit, Failure> {
                crate::without_aws(stringify!($name), $instead).await
            }
        })+
    };
}

without_aws! {
    check_release(crate::project::Project, crate::cli::CheckReleaseOptions) "build it with its default features"
    deploy(crate::project::Project, crate::cli::DeployOptions) "build it with its default features"
    doctor(crate::project::Project, crate::cli::DoctorOptions) "build it with its default features; `config check` needs no AWS"
    plan(crate::project::Project, crate::cli::PlanOptions) "build it with its default features"
    prune(crate::project::Project, crate::cli::PruneOptions) "build it with its default features"
    status(crate::project::Project, crate::cli::StackSetOptions) "build it with its default features"
    setup(crate::cli::SetupOptions) "build it with its default features"
}
