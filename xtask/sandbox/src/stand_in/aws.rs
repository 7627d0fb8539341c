//! Calls to AWS services without an SDK, to set up tests and check results.

use serde_json::Value;

use super::document::Document;
use super::error::Error;
use super::wire::{self, Reply};
use super::{REGION, StandIn};

/// The header of a test's calls, which bypass the log, faults and identity checks.
const TEST_CALL: &str = "x-stand-in-test-call";
/// The versions of Query APIs; moto requires some of them.
const QUERY_VERSIONS: [(&str, &str); 3] = [("cloudformation", "2010-05-15"), ("sts", "2011-06-15"), ("iam", "2010-05-08")];

impl StandIn {
    /// Calls an action of a JSON service in `us-east-1`: `sagemaker`, `ssm` or `organizations`. The
    /// call bypasses the log, faults and identity checks.
    pub fn call(&self, account: &str, service: &str, action: &str, input: &Value) -> Result<Value, Error> {
        self.call_in(account, REGION, service, action, input)
    }

    /// As [`StandIn::call`], in another region.
    pub fn call_in(&self, account: &str, region: &str, service: &str, action: &str, input: &Value) -> Result<Value, Error> {
        let operation = format!("{service} {action}");
        let reply = self.json_request(account, region, service, action, input, true)?;
        read_json(&operation, &reply)
    }

    /// As [`StandIn::call`], but as a program's request, which is logged and can get faults.
    /// Returns the unchanged response, even if it is an error.
    pub fn call_as_program(&self, account: &str, service: &str, action: &str, input: &Value) -> Result<Reply, Error> {
        self.json_request(account, REGION, service, action, input, false)
    }

    /// Calls an action of a Query service in `us-east-1`: `cloudformation`, `sts` or `iam`, as
    /// [`StandIn::call`] does. The names of list items are like `Parameters.member.1.ParameterKey`.
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

    /// Invokes an endpoint in `us-east-1` as a program does, with further headers such as `accept`.
    pub fn invoke(&self, account: &str, endpoint: &str, content_type: &str, body: &str, headers: &[(&str, &str)]) -> Result<Reply, Error> {
        let mut sent = vec![("content-type", content_type.to_owned()), authorization("sagemaker", REGION), acting_as(account)];
        sent.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.send("POST", &format!("/endpoints/{endpoint}/invocations"), &sent, body.into())
    }

    /// Reads an object from a bucket of the account, as [`StandIn::call`] does.
    pub fn object(&self, account: &str, bucket: &str, key: &str) -> Result<Vec<u8>, Error> {
        let headers = [authorization("s3", REGION), acting_as(account), (TEST_CALL, "1".to_owned())];
        let reply = self.send("GET", &format!("/{bucket}/{key}"), &headers, Vec::new())?;
        if reply.status < 300 {
            return Ok(reply.body);
        }
        Err(refused_by_s3(&format!("s3 GetObject {key}"), &reply))
    }

    /// Writes an object to a bucket, as [`StandIn::call`] does.
    pub fn put_object(&self, account: &str, bucket: &str, key: &str, body: &str) -> Result<(), Error> {
        let headers = [
            ("content-type", "application/octet-stream".to_owned()),
            authorization("s3", REGION),
            acting_as(account),
            (TEST_CALL, "1".to_owned()),
        ];
        let reply = self.send("PUT", &format!("/{bucket}/{key}"), &headers, body.into())?;
        if reply.status < 300 {
            return Ok(());
        }
        Err(refused_by_s3(&format!("s3 PutObject {key}"), &reply))
    }

    /// The variables for a child process in this account, which cannot reach the real AWS.
    ///
    /// With identity checks, creates the role `StandInDeveloper` with all permissions.
    pub fn environment(&self, account: &str) -> Result<Vec<(String, String)>, Error> {
        const ROLE: &str = "StandInDeveloper";
        if self.enforces_iam() {
            self.make_role(account, ROLE, r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#)?;
        }
        self.environment_as(account, ROLE)
    }

    /// As [`StandIn::environment`], with another role, which must exist if identities are checked.
    pub fn environment_as(&self, account: &str, role: &str) -> Result<Vec<(String, String)>, Error> {
        let arn = format!("arn:aws:iam::{account}:role/{role}");
        let keys = self.query(account, "sts", "AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "stand-in")])?;
        let key = |element: &str| keys.text(element).unwrap_or_default();
        // The files do not exist, so that the child cannot use the caller's profile or region.
        let missing = self.program.join("missing").display().to_string();
        let variables = [
            ("AWS_ENDPOINT_URL", self.url().to_owned()),
            ("AWS_ACCESS_KEY_ID", key("AccessKeyId")),
            ("AWS_SECRET_ACCESS_KEY", key("SecretAccessKey")),
            ("AWS_SESSION_TOKEN", key("SessionToken")),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", missing.clone()),
            ("AWS_SHARED_CREDENTIALS_FILE", missing),
            ("NO_PROXY", "127.0.0.1".to_owned()),
            ("no_proxy", "127.0.0.1".to_owned()),
        ];
        Ok(variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Creates or updates a role that any caller can assume, with this identity policy.
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
        is_test_call: bool,
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
        if is_test_call {
            headers.push((TEST_CALL, "1".to_owned()));
        }
        self.send("POST", "/", &headers, input.to_string().into_bytes())
    }

    fn query_request(
        &self,
        account: &str,
        service: &str,
        action: &str,
        parameters: &[(&str, &str)],
        is_test_call: bool,
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
        if is_test_call {
            headers.push((TEST_CALL, "1".to_owned()));
        }
        self.send("POST", "/", &headers, body.into_bytes())
    }

    pub(super) fn send(&self, method: &str, path: &str, headers: &[(&str, String)], body: Vec<u8>) -> Result<Reply, Error> {
        wire::send(self.url(), method, path, headers, body).map_err(|source| Error::Request { url: self.url().to_owned(), source })
    }
}

/// S3's error response.
fn refused_by_s3(operation: &str, reply: &Reply) -> Error {
    let document = Document(reply.text());
    Error::Refused {
        operation: operation.to_owned(),
        status: reply.status,
        code: document.text("Code").unwrap_or_default(),
        message: document.text("Message").unwrap_or(document.0),
    }
}

/// The value of a JSON response, or its error.
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

/// A header with an invalid signature: without identity checks, only the credential scope matters.
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
