//! CloudFormation: a stack set that has all instances, with parameters of an earlier release.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use sandbox::loopback::Answer;

use super::{Form, REGION, xml};

const PAGE: usize = 100;
/// An operation has ended when it is described for the third time.
const POLLS: usize = 3;

#[derive(Debug)]
pub(super) struct StackSet {
    accounts: usize,
    polls: AtomicUsize,
}

impl StackSet {
    pub(super) fn new(accounts: usize) -> Self {
        Self { accounts, polls: AtomicUsize::new(0) }
    }

    pub(super) fn answer(&self, action: &str, form: &Form) -> Option<Answer> {
        let operation = form.field("OperationId").unwrap_or_default();
        let name = form.field("StackSetName").unwrap_or_default();
        let result = match action {
            "DescribeStackSet" if self.accounts == 0 => {
                let missing = "<ErrorResponse><Error><Type>Sender</Type><Code>StackSetNotFoundException</Code><Message>not found</Message></Error></ErrorResponse>";
                return Some(Answer::new(404).body("text/xml", missing));
            }
            "DescribeStackSet" => format!(
                "<StackSet><StackSetName>{name}</StackSetName><Status>ACTIVE</Status><TemplateBody>Resources: {{}}</TemplateBody>\
                 <PermissionModel>SELF_MANAGED</PermissionModel><Parameters><member><ParameterKey>EnvType</ParameterKey>\
                 <ParameterValue>old</ParameterValue></member></Parameters></StackSet>"
            ),
            "ListStackSetOperations" => "<Summaries></Summaries>".to_owned(),
            "UpdateStackSet" => {
                self.polls.store(0, Ordering::Relaxed);
                format!("<OperationId>{operation}</OperationId>")
            }
            "DescribeStackSetOperation" => {
                let status = if self.polls.fetch_add(1, Ordering::Relaxed) + 1 >= POLLS { "SUCCEEDED" } else { "RUNNING" };
                format!(
                    "<StackSetOperation><OperationId>{operation}</OperationId><Action>UPDATE</Action><Status>{status}</Status></StackSetOperation>"
                )
            }
            "ListStackInstances" => self.page(
                form,
                "<Status>CURRENT</Status><StackInstanceStatus><DetailedStatus>SUCCEEDED</DetailedStatus></StackInstanceStatus>\
                 <StackId>arn:aws:cloudformation:us-east-1:222222222222:stack/StackSet-iris-0f4d1d1e-5c0a-4a51-9b5c-000000000001/0f4d1d1e</StackId>",
            ),
            "ListStackSetOperationResults" => {
                let has_ended = self.polls.load(Ordering::Relaxed) >= POLLS;
                self.page(form, if has_ended { "<Status>SUCCEEDED</Status>" } else { "<Status>RUNNING</Status>" })
            }
            "DescribeStackInstance" => "<StackInstance><ParameterOverrides></ParameterOverrides></StackInstance>".to_owned(),
            _ => return None,
        };
        Some(xml(action, &result))
    }

    fn page(&self, form: &Form, fields: &str) -> String {
        let all = self.accounts;
        let begin: usize = form.field("NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let end = (begin + PAGE).min(all);
        let mut text = "<Summaries>".to_owned();
        for index in begin..end {
            let _ = write!(text, "<member><Account>{}</Account><Region>{REGION}</Region>{fields}</member>", account(index));
        }
        text.push_str("</Summaries>");
        if end < all {
            let _ = write!(text, "<NextToken>{end}</NextToken>");
        }
        text
    }
}

/// A target account.
pub fn account(number: usize) -> String {
    format!("{:012}", 222_222_222_000_usize + number)
}
