//! The status of a fleet as an HTML page.

use endpoint_test::report::page::{page, prose, table};
use maud::{Markup, html as markup};

use super::text::{named, waiting};
use super::{FleetStage, FleetStatus, ProjectStatus};
use crate::endpoint_state::{EndpointState, Health, version};
use crate::stage_status::TargetStatus;

const STYLE: &str = include_str!("html/fleet.css");

impl FleetStatus {
    /// The status as one self-contained HTML page, with the style of the release dossier: no
    /// scripts, no external resources. It begins with what needs attention.
    pub fn html(&self) -> String {
        let title = markup! { "Fleet in " (self.account_id) "/" (self.region) };
        let needs_attention = |project: &&ProjectStatus| project.health != Health::Ok || !waiting(project).is_empty();
        let (attention, others): (Vec<_>, Vec<_>) = self.projects.iter().partition(needs_attention);
        let body = markup! {
            (self.header(&title))
            main {
                (self.unread())
                @if !attention.is_empty() {
                    section aria-labelledby="attention" {
                        h2 id="attention" { "Projects that need attention" }
                        @for project in &attention { (self::project(project, true)) }
                    }
                }
                @if !others.is_empty() {
                    section aria-labelledby="others" {
                        h2 id="others" { "Projects that serve what they deploy" }
                        @for project in &others { (self::project(project, false)) }
                    }
                }
            }
            footer { p { "Written by " (self.tool.name) " " (self.tool.version) "." } }
        };
        page(&markup! { (title) ": " (self.health.as_str()) }, STYLE, &body)
    }

    fn header(&self, title: &Markup) -> Markup {
        let sign = match self.health {
            Health::Ok => "✓",
            Health::Unknown => "?",
            Health::Differs | Health::Failed => "✕",
        };
        let counts = &self.counts;
        let tiles = [
            ("differ or failed", counts.differs + counts.failed, "failed"),
            ("unknown", counts.unknown, "errored"),
            ("ok", counts.ok, "passed"),
            ("projects wait", counts.waiting, "empty"),
        ];
        markup! {
            header class={ "card verdict " (class(self.health)) } {
                div class="sign" aria-hidden="true" { (sign) }
                div class="words" {
                    h1 { (title) ": " b { (self.health.as_str()) } }
                    p { (self.summary()) }
                }
                dl class="tiles" {
                    @for (name, count, class) in tiles {
                        div class={ "tile " (if count > 0 { class } else { "empty" }) } { dt { (name) } dd { (count) } }
                    }
                }
            }
        }
    }

    fn unread(&self) -> Markup {
        markup! {
            @if !self.unread.is_empty() {
                section class="errored" aria-labelledby="unread" {
                    h2 id="unread" { "Not read" }
                    div class="card lines" {
                        ul {
                            @for unread in &self.unread {
                                @for reason in &unread.reasons {
                                    li {
                                        b { "Account " (unread.account_id) } ": " (prose(&reason.reason))
                                        span class="why" { (named(reason)) }
                                        @if let Some(hint) = &reason.hint { span class="hint" { (prose(hint)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn project(project: &ProjectStatus, open: bool) -> Markup {
    let rows = markup! { @for stage in &project.stages { (rows(stage)) } };
    let waiting = waiting(project);
    markup! {
        details class="card project" open[open] {
            summary {
                span class="name" { b { (project.name) } " " span class="soft" { (project.id) } }
                (badge(project.health))
            }
            @if !waiting.is_empty() {
                ul class="waiting" { @for line in &waiting { li { (prose(line)) } } }
            }
            (table(&format!("Targets of {}", project.name), true, &COLUMNS, &[], &rows))
        }
    }
}

const COLUMNS: [&str; 6] = ["Stage", "Target", "Health", "Deployed", "Endpoint", "Serves"];

fn rows(stage: &FleetStage) -> Markup {
    markup! {
        @for target in &stage.targets {
            @if target.endpoints.is_empty() { (row(stage, target, None)) }
            @for endpoint in &target.endpoints { (row(stage, target, Some(endpoint))) }
        }
        @if stage.targets.is_empty() {
            tr { td data-label="Stage" { (stage.env_type) } td colspan="5" { "the stack set has no stack instance" } }
        }
    }
}

fn row(stage: &FleetStage, target: &TargetStatus, endpoint: Option<&EndpointState>) -> Markup {
    let health = Health::worst(endpoint.map(|endpoint| endpoint.health).into_iter().chain([target.health]));
    let reason = endpoint.and_then(|endpoint| endpoint.reason.as_deref()).or(target.reason.as_deref());
    let deployed = target.model_package.as_deref().map_or_else(|| "-".to_owned(), version);
    let serves: Vec<_> = endpoint.iter().flat_map(|endpoint| &endpoint.model_packages).map(|package| version(package)).collect();
    let status = endpoint.and_then(|endpoint| endpoint.status.as_deref()).filter(|status| *status != "InService");
    markup! {
        tr {
            td data-label=(COLUMNS[0]) { (stage.env_type) }
            td data-label=(COLUMNS[1]) { (target.place()) }
            td data-label=(COLUMNS[2]) { (badge(health)) }
            td data-label=(COLUMNS[3]) { (deployed) }
            td data-label=(COLUMNS[4]) { (endpoint.map_or("-", |endpoint| endpoint.endpoint.as_str())) }
            td data-label=(COLUMNS[5]) {
                div {
                    (if serves.is_empty() { "-".to_owned() } else { serves.join(", ") })
                    @if let Some(status) = status { " (" (status) ")" }
                    @if let Some(reason) = reason { span class="why" { (prose(reason)) } }
                }
            }
        }
    }
}

fn class(health: Health) -> &'static str {
    match health {
        Health::Ok => "passed",
        Health::Unknown => "errored",
        Health::Differs | Health::Failed => "failed",
    }
}

/// The health as a word; the colour alone means nothing.
fn badge(health: Health) -> Markup {
    markup! { span class={ "badge " (class(health)) } { (health.as_str()) } }
}

#[cfg(test)]
mod tests {
    use crate::fleet::{FleetReading, FleetStatus, StageIdentity, StageReading};
    use crate::manifest::Tool;
    use stack_rollout::{Observed, StackSet};

    #[test]
    fn names_of_projects_and_reasons_are_text_in_a_page_without_scripts() {
        let identity = StageIdentity {
            project_name: "<script>x</script>".to_owned(),
            project_id: "p\u{202e}1".to_owned(),
            env_type: "prod".to_owned(),
        };
        let stage = StageReading {
            identity,
            stack_set: "sagemaker-x-p-1-deploy-prod".parse().unwrap(),
            observed: Observed { stack_set: Some(StackSet::default()), instances: Vec::new() },
            targets: Vec::new(),
        };
        let reading = FleetReading {
            account: "111111111111".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            stages: vec![stage],
            groups: Vec::new(),
            failures: Vec::new(),
            missing: vec!["<b>rose</b>".to_owned()],
        };
        let status = FleetStatus::new(reading, Tool { name: "xtask".to_owned(), version: "1".to_owned() });
        let page = status.html();
        assert!(page.contains("&lt;script&gt;x") && page.contains("project &lt;b&gt;rose"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>rose") && !page.contains('\u{202e}'), "{page}");
        assert!(page.contains("the stack set has no stack instance"), "{page}");
        assert!(status.text().contains("not read in account 111111111111:"), "{}", status.text());
    }
}
