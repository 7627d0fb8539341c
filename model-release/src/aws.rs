//! The adapters to AWS: sessions in all accounts, and the calls that use them.

mod artifact_bucket;
mod bounded_client;
mod describe_packages;
mod doctor;
mod home;
mod organization;
mod preflight;
mod sample_payloads;
mod session;
mod session_settings;
mod signed_call;
mod stage_status;
mod stage_tests;
mod target_account;
mod target_sessions;
mod target_stacks;
mod template_upload;
mod wave_checks;

pub use artifact_bucket::{BucketPlace, artifact_bucket};
pub use describe_packages::{describe_packages, group_of};
pub use doctor::{GroupReaders, check_accounts, check_artifact_bucket, check_registry};
pub use home::home;
pub use organization::listed;
pub use preflight::{PreflightProgress, check_targets};
pub use sample_payloads::sample_payloads;
pub use session::{Caller, Session, diagnose};
pub use session_settings::SessionSettings;
pub use stage_status::{deployed_endpoints, read_endpoints, stage_status};
pub use stage_tests::{TestAccess, remote_baseline, test_endpoints};
pub use target_account::{AwsTargetAccount, QuotaCodes};
pub use target_sessions::{TargetRole, TargetSessions};
pub use target_stacks::TargetStacks;
pub use template_upload::{TemplateBucket, place_template, upload_template};
pub use wave_checks::AwsWaveChecks;
