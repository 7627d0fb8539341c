//! Each role of `pipeline/` holds what the commands that run as it call, and what AWS does in it, and nothing else.
//!
//! What the commands call was seen by the end-to-end tests of the same build, which cargo runs before these; on their own, these say
//! what they miss. `UPDATE_PERMISSIONS=1` makes the table and the document anew.

mod calls;
mod document;
mod roles;

use std::collections::{BTreeMap, BTreeSet};

use calls::Table;
use roles::{Roles, workspace};

fn seen() -> Table {
    let mut table: Table = BTreeMap::new();
    for call in calls::noted() {
        table.entry(call.command).or_default().entry(call.place).or_default().insert(call.action);
    }
    table
}

#[test]
fn the_table_has_every_call_that_a_test_saw_and_no_other_and_the_document_is_of_today() {
    let seen = seen();
    if calls::updating() {
        assert!(!seen.is_empty(), "no end-to-end test of this build has run");
        std::fs::write(workspace().join(calls::TABLE), format!("{}\n", serde_json::to_string_pretty(&seen).unwrap())).unwrap();
    }
    let table = calls::table();
    let fresh = document::text(&Roles::read(), &table);
    let path = workspace().join(document::PATH);
    if calls::updating_document() {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == fresh, "{} is stale. {}", document::PATH, calls::HINT);
    let unknown = calls::not_in(&table, &calls::noted());
    assert!(unknown.is_empty(), "{} lacks {unknown:#?}\n{}", calls::TABLE, calls::HINT);
    let never = calls::not_in(&seen, &calls::all_of(&table));
    assert!(
        never.is_empty(),
        "{} has {never:#?}, and no end-to-end test of this build made these calls: run them all first. {}",
        calls::TABLE,
        calls::HINT
    );
}

#[test]
fn each_role_holds_what_its_commands_call_and_what_aws_does_in_it_and_nothing_else() {
    let (table, roles) = (calls::table(), Roles::read());
    let mut problems = Vec::new();
    for role in &roles.roles {
        let Some(allowed) = roles::allowed(&role.template).remove(&role.id) else {
            problems.push(format!("{} has no role {}", role.template, role.id));
            continue;
        };
        let needed = role.needed(&table);
        problems.extend(needed.difference(&allowed).map(|action| format!("{} lacks {action}", role.id)));
        problems.extend(allowed.difference(&needed).map(|action| format!("{} holds {action}, which is for nothing", role.id)));
        let called = table.iter().filter(|(command, _)| role.commands.contains(command)).filter_map(|(_, places)| places.get(&role.place));
        let called: BTreeSet<_> = called.flatten().collect();
        let idle = role.not_used.iter().filter(|not_used| !called.contains(&not_used.action));
        problems.extend(idle.map(|not_used| format!("{}: no command calls {}, which is said to be not used", role.id, not_used.action)));
    }
    assert!(problems.is_empty(), "{problems:#?}\nsee {} and {}", roles::TABLE, calls::TABLE);
}

#[test]
fn every_role_of_the_templates_is_in_the_table() {
    let roles = Roles::read();
    let named: BTreeSet<(&str, &str)> = roles.roles.iter().map(|role| (role.template.as_str(), role.id.as_str())).collect();
    for entry in std::fs::read_dir(workspace().join("pipeline")).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("pipeline/{}", path.file_name().unwrap().to_string_lossy());
        if path.extension().is_some_and(|extension| extension == "yml") {
            for role in roles::allowed(&name).into_keys() {
                assert!(named.contains(&(name.as_str(), role.as_str())), "{name}: {role} is not in {}", roles::TABLE);
            }
        }
    }
}

#[test]
fn nothing_is_allowed_by_a_star_or_said_without_a_reason() {
    for role in Roles::read().roles {
        for entry in &role.for_aws {
            assert!(!entry.reason.is_empty() && !entry.by.is_empty() && !entry.actions.is_empty(), "{}", role.id);
            assert!(entry.actions.iter().all(|action| action.contains(':') && !action.contains('*')), "{}", role.id);
        }
        assert!(role.not_used.iter().all(|not_used| !not_used.reason.is_empty()), "{}", role.id);
    }
}
