//! Opening a session with AWS: one configuration, one HTTP connection pool, explicit time limits.

use std::time::Duration;

use aws_config::{AppName, BehaviorVersion, Region};
use aws_smithy_http_client::tls;

use super::Session;
use crate::diagnostic::{Diagnostic, Failure};

/// A container answers within 60 seconds, and AWS advises clients to wait 70 (SageMaker Runtime, InvokeEndpoint).
const READ_TIMEOUT: Duration = Duration::from_secs(70);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The whole of an operation, retries included.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(150);

/// What a session is opened with, besides what every AWS tool reads: variables, profile, container or instance role.
#[derive(Debug, Clone, Default)]
pub struct SessionSettings {
    /// The program, as CloudTrail shows it.
    pub app_name: Option<AppName>,
    /// The region.
    pub region: Option<String>,
    /// The profile.
    pub profile: Option<String>,
    /// The URL that requests are sent to in place of AWS's own.
    pub endpoint_url: Option<String>,
    /// Send requests without a signature.
    pub is_unsigned: bool,
    /// The certificates to trust in place of the system's, as PEM.
    pub trusted_certificates: Option<String>,
    /// The seconds to wait for a response; 0 is no limit.
    pub read_timeout: Option<u64>,
    /// The seconds to wait for a connection; 0 is no limit.
    pub connect_timeout: Option<u64>,
}

impl SessionSettings {
    /// Loads the configuration. No call is made yet. There is no session without a region.
    pub async fn open(self) -> Result<Option<Session>, Failure> {
        let seconds = |given: Option<u64>, usual| given.map_or(Some(usual), |given| (given > 0).then(|| Duration::from_secs(given)));
        // Limits of the caller's own are for one request, and may be longer than the usual one for an operation.
        let has_limits = self.read_timeout.or(self.connect_timeout).is_some();
        let mut timeouts = aws_config::timeout::TimeoutConfig::builder();
        timeouts.set_connect_timeout(seconds(self.connect_timeout, CONNECT_TIMEOUT));
        timeouts.set_read_timeout(seconds(self.read_timeout, READ_TIMEOUT));
        timeouts.set_operation_timeout((!has_limits).then_some(OPERATION_TIMEOUT));
        let store = match self.trusted_certificates {
            Some(pem) => tls::TrustStore::empty().with_pem_certificate(pem),
            None => tls::TrustStore::default(),
        };
        let trusted = tls::TlsContext::builder().with_trust_store(store).build();
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .tls_context(trusted.map_err(|error| Failure::from(Diagnostic::error(error.to_string())))?)
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts.build()).http_client(http_client);
        if let Some(name) = self.app_name {
            loader = loader.app_name(name);
        }
        if let Some(region) = self.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(profile) = self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if self.is_unsigned {
            loader = loader.no_credentials();
        }
        Ok(Session::new(loader.load().await))
    }
}
