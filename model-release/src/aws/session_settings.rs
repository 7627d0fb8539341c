//! Opens an AWS session: one configuration, one HTTP connection pool, explicit timeouts.

use std::time::Duration;

use aws_config::{AppName, BehaviorVersion, Region};
use aws_smithy_http_client::tls;

use super::Session;
use super::bounded_client::BoundedClient;
use crate::diagnostic::{Diagnostic, Failure};

/// A container responds within 60 seconds; AWS advises a client timeout of 70 (`InvokeEndpoint`).
const READ_TIMEOUT: Duration = Duration::from_secs(70);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout of an operation, with retries.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(150);

/// The settings of a session. They override AWS's default sources, such as the environment.
#[derive(Debug, Clone, Default)]
pub struct SessionSettings {
    /// The program's name in CloudTrail.
    pub app_name: Option<AppName>,
    /// The region.
    pub region: Option<String>,
    /// The profile.
    pub profile: Option<String>,
    /// Where the credentials are from, such as "profile `staging`", for an error of a call if its
    /// account cannot be determined.
    pub credentials: String,
    /// The URL to send requests to instead of the AWS endpoint.
    pub endpoint_url: Option<String>,
    /// Whether requests are unsigned.
    pub is_unsigned: bool,
    /// The certificates to trust instead of the system's, as PEM.
    pub trusted_certificates: Option<String>,
    /// The read timeout in seconds; 0 means none.
    pub read_timeout: Option<u64>,
    /// The connect timeout in seconds; 0 means none.
    pub connect_timeout: Option<u64>,
}

impl SessionSettings {
    /// Loads the configuration, without a call. Returns no session if no region is configured.
    pub async fn open(self) -> Result<Option<Session>, Failure> {
        let timeout =
            |seconds: Option<u64>, default| seconds.map_or(Some(default), |seconds| (seconds > 0).then(|| Duration::from_secs(seconds)));
        // The caller's timeouts apply to one request, and can exceed the default timeout of an operation.
        let has_timeouts = self.read_timeout.or(self.connect_timeout).is_some();
        let mut timeouts = aws_config::timeout::TimeoutConfig::builder();
        timeouts.set_connect_timeout(timeout(self.connect_timeout, CONNECT_TIMEOUT));
        timeouts.set_read_timeout(timeout(self.read_timeout, READ_TIMEOUT));
        timeouts.set_operation_timeout((!has_timeouts).then_some(OPERATION_TIMEOUT));
        let store = match self.trusted_certificates {
            Some(pem) => tls::TrustStore::empty().with_pem_certificate(pem),
            None => tls::TrustStore::default(),
        };
        let trusted = tls::TlsContext::builder().with_trust_store(store).build();
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .tls_context(trusted.map_err(|error| Failure::from(Diagnostic::error(error.to_string())))?)
            .build_https();
        let mut loader =
            aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts.build()).http_client(BoundedClient::new(http_client));
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
        Ok(Session::new(loader.load().await, self.credentials))
    }
}
