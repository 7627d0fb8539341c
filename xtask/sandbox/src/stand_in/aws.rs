//! Calls to AWS services without an SDK: enough to set a scene and to look at the outcome from AWS's side.

use serde_json::Value;

use super::document::Document;
use super::error::Error;
use super::wire::{self, Reply};
use super::{REGION, StandIn};

/// The header that marks a test's own calls: not logged, not met by faults, not checked for identity.
const OWN_HAND: &str = "x-stand-in-own-hand";
/// The version that a Query API wants, which moto does not look at but needs for some.
const QUERY_VERSIONS: [(&str, &str); 3] = [("cloudformation", "2010-05-15"), ("sts", "2011-06-15"), ("iam", "2010-05-08")];

impl StandIn {
    /// Calls an action of a JSON service in `us-east-1`: `sagemaker`, `ssm` or `organizations`. The stand-in treats it as the test's own
    /// hand: not logged, not met by faults.
    pub fn call(&self, account: &str, service: &str, action: &str, input: &Value) -> Result<Value, Error> {
        self.call_in(account, REGION, service, action, input)
    }

    /// As [`StandIn::call`], in another region.
    pub fn call_in(&self, account: &str, region: &str, service: &str, action: &str, input: &Value) -> Result<Value, Error> {
        let operation = format!("{service} {action}");
        let reply = self.json_request(account, region, service, action, input, true)?;
        read_json(&operation, &reply)
    }

    /// As [`StandIn::call`], but as a program's request: logged, met by faults. The answer comes as it is, errors too.
    pub fn call_as_program(&self, account: &str, service: &str, action: &str, input: &Value) -> Result<Reply, Error> {
        self.json_request(account, REGION, service, action, input, false)
    }

    /// Calls an action of a Query service in `us-east-1`: `cloudformation`, `sts` or `iam`; the test's own hand as in [`StandIn::call`].
    /// Lists are spelt out as in `Parameters.member.1.ParameterKey`.
    pub fn query(&self, account: &str, service: &str, action: &str, parameters: &[(&str, &str)]) -> Result<Document, Error> {
        let reply = self.query_request(account, service, action, parameters, true)?;
        let document = Document(reply.text());
        if reply.status < 300 {
            return Ok(document);
        }
        Err(Error::Refused {
            operation: format!("{service} {action}"),
            status: reply.status,
            code: document.text("Code").unwrap_or_default(),
            message: document.text("Message").unwrap_or(document.0),
        })
    }

    /// As [`StandIn::query`], but as a program's request.
    pub fn query_as_program(&self, account: &str, service: &str, action: &str, parameters: &[(&str, &str)]) -> Result<Reply, Error> {
        self.query_request(account, service, action, parameters, false)
    }

    /// Invokes an endpoint in `us-east-1` as a program would, with further headers such as `accept`.
    pub fn invoke(&self, account: &str, endpoint: &str, content_type: &str, body: &str, headers: &[(&str, &str)]) -> Result<Reply, Error> {
        let mut sent = vec![("content-type", content_type.to_owned()), authorization("sagemaker", REGION), acting_as(account)];
        sent.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.send("POST", &format!("/endpoints/{endpoint}/invocations"), &sent, body.into())
    }

    /// The bytes of an object in a bucket of the account; the test's own hand.
    pub fn object(&self, account: &str, bucket: &str, key: &str) -> Result<Vec<u8>, Error> {
        let headers = [authorization("s3", REGION), acting_as(account), (OWN_HAND, "1".to_owned())];
        let reply = self.send("GET", &format!("/{bucket}/{key}"), &headers, Vec::new())?;
        if reply.status < 300 {
            return Ok(reply.body);
        }
        Err(refused_by_s3(&format!("s3 GetObject {key}"), &reply))
    }

    /// Puts an object into a bucket, with the test's own hand as in [`StandIn::call`].
    pub fn put_object(&self, account: &str, bucket: &str, key: &str, body: &str) -> Result<(), Error> {
        let headers = [
            ("content-type", "application/octet-stream".to_owned()),
            authorization("s3", REGION),
            acting_as(account),
            (OWN_HAND, "1".to_owned()),
        ];
        let reply = self.send("PUT", &format!("/{bucket}/{key}"), &headers, body.into())?;
        if reply.status < 300 {
            return Ok(());
        }
        Err(refused_by_s3(&format!("s3 PutObject {key}"), &reply))
    }

    /// The variables with which a child process acts as this account against the stand-in, and cannot reach the real AWS.
    ///
    /// While identities are enforced, the role `StandInDeveloper` is made in the account, which may do everything there.
    pub fn environment(&self, account: &str) -> Result<Vec<(String, String)>, Error> {
        const ROLE: &str = "StandInDeveloper";
        if self.enforces_iam() {
            self.make_role(account, ROLE, r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#)?;
        }
        self.environment_as(account, ROLE)
    }

    /// As [`StandIn::environment`], with a role of one's own, which must exist while identities are enforced.
    pub fn environment_as(&self, account: &str, role: &str) -> Result<Vec<(String, String)>, Error> {
        let arn = format!("arn:aws:iam::{account}:role/{role}");
        let keys = self.query(account, "sts", "AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "stand-in")])?;
        let key = |element: &str| keys.text(element).unwrap_or_default();
        // Files that are nowhere: neither the caller's profile nor their region may reach the child.
        let nowhere = self.program.join("nowhere").display().to_string();
        let variables = [
            ("AWS_ENDPOINT_URL", self.url().to_owned()),
            ("AWS_ACCESS_KEY_ID", key("AccessKeyId")),
            ("AWS_SECRET_ACCESS_KEY", key("SecretAccessKey")),
            ("AWS_SESSION_TOKEN", key("SessionToken")),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", nowhere.clone()),
            ("AWS_SHARED_CREDENTIALS_FILE", nowhere),
            ("NO_PROXY", "127.0.0.1".to_owned()),
            ("no_proxy", "127.0.0.1".to_owned()),
        ];
        Ok(variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Makes a role that everybody may assume, with this identity policy; a role that exists gets the policy.
    pub fn make_role(&self, account: &str, role: &str, policy: &str) -> Result<(), Error> {
        const TRUST: &str =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
        match self.query(account, "iam", "CreateRole", &[("RoleName", role), ("AssumeRolePolicyDocument", TRUST)]) {
            Ok(_) => {}
            Err(Error::Refused { code, .. }) if code == "EntityAlreadyExists" => {}
            Err(error) => return Err(error),
        }
        let policy = [("RoleName", role), ("PolicyName", "permissions"), ("PolicyDocument", policy)];
        self.query(account, "iam", "PutRolePolicy", &policy).map(drop)
    }

    fn json_request(
        &self,
        account: &str,
        region: &str,
        service: &str,
        action: &str,
        input: &Value,
        own_hand: bool,
    ) -> Result<Reply, Error> {
        let prefix = match service {
            "ssm" => "AmazonSSM",
            "organizations" => "AWSOrganizationsV20161128",
            _ => "SageMaker",
        };
        let mut headers = vec![
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{prefix}.{action}")),
            authorization(service, region),
            acting_as(account),
        ];
        if own_hand {
            headers.push((OWN_HAND, "1".to_owned()));
        }
        self.send("POST", "/", &headers, input.to_string().into_bytes())
    }

    fn query_request(
        &self,
        account: &str,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
        own_hand: bool,
    ) -> Result<Reply, Error> {
        let version = QUERY_VERSIONS.iter().find(|(name, _)| *name == service).map(|(_, version)| *version);
        let body = [("Action", action)]
            .into_iter()
            .chain(version.map(|version| ("Version", version)))
            .chain(parameters.iter().copied())
            .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)))
            .collect::<Vec<_>>()
            .join("&");
        let mut headers = vec![
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned()),
            authorization(service, REGION),
            acting_as(account),
        ];
        if own_hand {
            headers.push((OWN_HAND, "1".to_owned()));
        }
        self.send("POST", "/", &headers, body.into_bytes())
    }

    pub(super) fn send(&self, method: &str, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Result<Reply, Error> {
        wire::send(self.url(), method, path, headers, body).map_err(|source| Error::Request { url: self.url().to_owned(), source })
    }
}

/// What S3 answers with when it refuses.
fn refused_by_s3(operation: &str, reply: &Reply) -> Error {
    let document = Document(reply.text());
    Error::Refused {
        operation: operation.to_owned(),
        status: reply.status,
        code: document.text("Code").unwrap_or_default(),
        message: document.text("Message").unwrap_or(document.0),
    }
}

/// The value of a JSON answer, or the error that it tells.
pub(super) fn read_json(operation: &str, reply: &Reply) -> Result<Value, Error> {
    let value: Value = if reply.body.is_empty() { Value::Null } else { serde_json::from_slice(&reply.body).unwrap_or(Value::Null) };
    if reply.status < 300 {
        return Ok(value);
    }
    let text = |names: [&str; 2]| names.iter().find_map(|name| value.get(name)).and_then(Value::as_str).map(str::to_owned);
    Err(Error::Refused {
        operation: operation.to_owned(),
        status: reply.status,
        code: text(["__type", "code"]).unwrap_or_default(),
        message: text(["message", "Message"]).unwrap_or_else(|| reply.text()),
    })
}

/// The service is read from the credential's scope; nothing else of a signature is looked at unless identities are enforced.
fn authorization(service: &str, region: &str) -> (&'static str, String) {
    let scope = format!("AKIASTANDIN/20260101/{region}/{service}/aws4_request");
    ("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"))
}

fn acting_as(account: &str) -> (&'static str, String) {
    ("x-moto-account-id", account.to_owned())
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => {
                encoded.push('%');
                encoded.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
            }
        }
    }
    encoded
}
