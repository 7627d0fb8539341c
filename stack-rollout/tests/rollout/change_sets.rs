//! Change sets of existing stacks: created, read, and always deleted.

use std::collections::VecDeque;
use std::future::pending;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use std::time::UNIX_EPOCH;

use stack_rollout::*;

use crate::fake::{FakeClock, error, release, yield_now};

const STACK: &str = "arn:aws:cloudformation:us-east-1:222222222222:stack/StackSet-iris-1/2";

/// The change sets of a stack, which are ready after two polls.
#[derive(Default)]
struct Fake {
    names: Mutex<Vec<String>>,
    calls: Mutex<Vec<String>>,
    /// The pages of the changes.
    pages: Vec<Vec<ExactChange>>,
    /// Why no change set is created.
    fails: Option<&'static str>,
    never_ends: bool,
    polls: Mutex<usize>,
    /// Errors of the next calls, by name.
    errors: Mutex<VecDeque<(&'static str, CallError)>>,
}

impl Fake {
    async fn call(&self, name: &'static str) -> Result<(), CallError> {
        yield_now().await;
        self.calls.lock().unwrap().push(name.to_owned());
        let mut errors = self.errors.lock().unwrap();
        if errors.front().is_some_and(|(call, _)| *call == name) { Err(errors.pop_front().unwrap().1) } else { Ok(()) }
    }

    fn left(&self) -> Vec<String> {
        self.names.lock().unwrap().clone()
    }
}

impl ChangeSets for Fake {
    async fn names(&self, stack: &str) -> Result<Vec<String>, CallError> {
        assert_eq!(stack, STACK);
        self.call("names").await?;
        Ok(self.left())
    }

    async fn create(&self, request: &NewChangeSet<'_>) -> Result<(), CallError> {
        let result = self.call("create").await;
        let mut names = self.names.lock().unwrap();
        if names.contains(&request.name.to_owned()) {
            return Err(error("AlreadyExistsException"));
        }
        assert_eq!(request.parameters["EnvType"], "staging");
        // A request whose response is lost has an effect, too.
        if result.as_ref().err().is_none_or(|error| error.unreachable) {
            names.push(request.name.to_owned());
        }
        result
    }

    async fn describe(&self, _: &str, name: &str, token: Option<&str>) -> Result<ChangeSetPage, CallError> {
        self.call("describe").await?;
        assert!(self.left().contains(&name.to_owned()));
        *self.polls.lock().unwrap() += 1;
        let page = |status: &str| ChangeSetPage { status: status.to_owned(), ..ChangeSetPage::default() };
        if self.never_ends || *self.polls.lock().unwrap() < 3 {
            return Ok(page("CREATE_IN_PROGRESS"));
        }
        if let Some(reason) = self.fails {
            return Ok(ChangeSetPage { status_reason: Some(reason.to_owned()), ..page("FAILED") });
        }
        let index = token.map_or(0, |token| token.parse().unwrap());
        let next_token = (index + 1 < self.pages.len()).then(|| (index + 1).to_string());
        Ok(ChangeSetPage { changes: self.pages[index].clone(), next_token, ..page("CREATE_COMPLETE") })
    }

    async fn delete(&self, _: &str, name: &str) -> Result<(), CallError> {
        self.call("delete").await?;
        self.names.lock().unwrap().retain(|known| known != name);
        Ok(())
    }
}

fn change(logical_id: &str, action: &str, replacement: Option<&str>) -> ExactChange {
    ExactChange {
        logical_id: logical_id.to_owned(),
        resource_type: "AWS::SageMaker::Model".to_owned(),
        action: action.to_owned(),
        replacement: replacement.map(str::to_owned),
    }
}

type Found = (Result<Vec<ExactChange>, ChangeSetError>, Option<CallError>);

async fn exact(fake: &Fake, clock: &FakeClock, interrupted: impl Future<Output = ()>) -> Found {
    let parameters = [("EnvType".to_owned(), "staging".to_owned())].into();
    exact_changes(fake, STACK, &release(&["222222222222"], &["us-east-1"]), &parameters, clock, interrupted).await
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn found(fake: &Fake) -> Found {
    block_on(exact(fake, &FakeClock::default(), pending()))
}

#[test]
fn a_change_set_is_awaited_read_to_its_last_page_and_deleted() {
    let pages = vec![vec![change("A", "Add", None)], vec![], vec![change("B", "Modify", Some("True")), change("C", "Remove", None)]];
    let fake = Fake { pages, ..Fake::default() };
    let (changes, left) = found(&fake);
    let effects: Vec<_> = changes.unwrap().iter().map(ExactChange::effect).collect();
    assert_eq!((effects, left), (vec![Effect::Create, Effect::Replace, Effect::Delete], None));
    assert_eq!(fake.left(), Vec::<String>::new());
    let calls = fake.calls.lock().unwrap().clone();
    assert_eq!(calls, ["names", "create", "describe", "describe", "describe", "describe", "describe", "delete"]);
}

#[test]
fn a_stack_that_does_not_change_has_no_changes_and_any_other_failure_is_an_error() {
    for reason in ["The submitted information didn't contain changes. Submit different information.", "No updates are to be performed."] {
        let fake = Fake { fails: Some(reason), ..Fake::default() };
        assert_eq!(found(&fake), (Ok(Vec::new()), None));
        assert!(fake.left().is_empty());
    }
    let fake = Fake { fails: Some("Parameter Network is not allowed"), ..Fake::default() };
    assert_eq!(found(&fake).0.unwrap_err().to_string(), "CloudFormation created no change set: Parameter Network is not allowed");
    assert!(fake.left().is_empty());
}

#[test]
fn it_is_deleted_after_an_error_of_every_call() {
    for call in ["names", "create", "describe"] {
        let fake = Fake { errors: Mutex::new([(call, error("AccessDenied"))].into()), ..Fake::default() };
        let (changes, left) = found(&fake);
        assert!(matches!(changes, Err(ChangeSetError::Call(error)) if error.kind() == CallErrorKind::AccessDenied), "{call}");
        assert!(left.is_none() && fake.left().is_empty(), "{call}");
        let deletes = fake.calls.lock().unwrap().iter().filter(|name| *name == "delete").count();
        assert_eq!(deletes, usize::from(call != "names"), "{call}: without the list, nothing was created");
    }
    let fake = Fake { errors: Mutex::new([("delete", error("AccessDenied"))].into()), pages: vec![vec![]], ..Fake::default() };
    let (changes, left) = found(&fake);
    assert!(changes.is_ok() && left.is_some(), "one that is left is reported");
}

#[test]
fn temporary_errors_are_repeated_and_a_lost_response_is_no_error() {
    let errors = [("create", CallError::unreachable("CreateChangeSet", "timeout")), ("describe", error("Throttling"))];
    let fake = Fake { errors: Mutex::new(errors.into()), pages: vec![vec![change("A", "Add", None)]], ..Fake::default() };
    let (changes, left) = found(&fake);
    assert_eq!((changes.unwrap().len(), left, fake.left().len()), (1, None, 0));
}

#[test]
fn a_change_set_that_is_never_ready_is_deleted_after_the_deadline() {
    let fake = Fake { never_ends: true, ..Fake::default() };
    assert_eq!(found(&fake), (Err(ChangeSetError::Deadline), None));
    assert!(fake.left().is_empty());
}

#[test]
fn after_an_interruption_at_any_moment_it_is_deleted() {
    for polls in 0.. {
        let fake = Fake { pages: vec![vec![], vec![]], ..Fake::default() };
        let signal = Mutex::new(0);
        let interrupted = std::future::poll_fn(|_| {
            *signal.lock().unwrap() += 1;
            if *signal.lock().unwrap() > polls { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        });
        let clock = FakeClock::default();
        let mut run = pin!(exact(&fake, &clock, interrupted));
        let ended = loop {
            if let std::task::Poll::Ready(ended) = run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                break ended;
            }
        };
        assert!(fake.left().is_empty(), "{polls}");
        match ended {
            (Err(ChangeSetError::Interrupted), None) => {}
            (Ok(_), None) => {
                assert!(polls > 5, "{polls} polls are a whole run");
                return;
            }
            other => panic!("{polls}: {other:?}"),
        }
    }
}

#[test]
fn what_a_killed_run_has_left_is_deleted_and_the_change_sets_of_others_are_not() {
    let now = FakeClock::default().date().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(now < 600, "the clock of the tests begins in 1970");
    let clock = FakeClock::default();
    block_on(clock.sleep(std::time::Duration::from_hours(2)));
    let names = ["plan-exact-60-aaaa", "plan-exact-7000-bbbb", "release-7", "plan-exact-x"].map(str::to_owned).to_vec();
    let fake = Fake { names: Mutex::new(names), pages: vec![vec![]], ..Fake::default() };
    let (changes, left) = block_on(exact(&fake, &clock, pending()));
    assert!(changes.is_ok() && left.is_none());
    assert_eq!(fake.left(), ["plan-exact-7000-bbbb", "release-7", "plan-exact-x"], "another run may be using the newer one");
}

#[test]
fn the_differences_from_the_computed_changes_are_named() {
    let template = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let old = template(
        r#"{"Resources":{"Same":{"Type":"AWS::SageMaker::Model","Properties":{"ModelName":"a"}},"Gone":{"Type":"AWS::SNS::Topic"}}}"#,
    );
    let new = template(
        r#"{"Resources":{"Same":{"Type":"AWS::SageMaker::Model","Properties":{"ModelName":"b"}},"New":{"Type":"AWS::SNS::Topic"}}}"#,
    );
    let computed = template_changes(&old, &new);
    let effects = |exact: &[ExactChange]| {
        let differences = change_differences(&computed, exact).into_iter();
        differences.map(|found| (found.logical_id, found.computed, found.exact)).collect::<Vec<_>>()
    };
    let (added, removed) = (change("New", "Add", None), change("Gone", "Remove", None));
    let same = |replacement| change("Same", "Modify", Some(replacement));
    assert_eq!(effects(&[added.clone(), removed.clone(), same("True")]), []);
    assert_eq!(effects(&[added.clone(), removed.clone(), same("Conditional")]), [], "CloudFormation does not know it before");
    let differs = ("Same".to_owned(), Some(Effect::Replace), Some(Effect::Update));
    assert_eq!(effects(&[added.clone(), removed.clone(), same("False")]), [differs]);
    let missing = [("Gone".to_owned(), Some(Effect::Delete), None), ("Other".to_owned(), None, Some(Effect::Create))];
    assert_eq!(effects(&[added, same("True"), change("Other", "Add", None)]), missing);
}
