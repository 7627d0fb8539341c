//! Every change of an event is refused: of its bytes, its fields, its place and its project.

use super::*;

/// Every member of a statement is changed, one after the other.
fn changes(value: &Json, pointer: &str, found: &mut Vec<String>) {
    match value {
        Json::Object(members) => {
            members.iter().for_each(|(name, value)| changes(value, &format!("{pointer}/{}", name.replace('/', "~1")), found));
        }
        Json::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, value)| changes(value, &format!("{pointer}/{index}"), found));
        }
        _ => found.push(pointer.to_owned()),
    }
}

#[test]
fn every_changed_field_of_an_event_is_refused() {
    let scene = Scene::new(false);
    three_releases_and_one_rollback(&scene);
    let mut count = 0;
    for key in scene.memory.keys("/events/prod/").into_iter().take(3) {
        let original = scene.memory.objects()[&key].clone();
        let statement: Json = serde_json::from_slice(&original).unwrap();
        let mut pointers = Vec::new();
        changes(&statement, "", &mut pointers);
        for pointer in pointers {
            let mut changed = statement.clone();
            let value = changed.pointer_mut(&pointer).unwrap();
            *value = match value {
                Json::String(text) => json!(format!("{text}0")),
                Json::Number(number) => json!(number.as_i64().unwrap() + 1),
                Json::Bool(is) => json!(!*is),
                _ => json!("0"),
            };
            scene.memory.objects().insert(key.clone(), format!("{changed}\n").into_bytes());
            let answer = scene.answer(None);
            let name = key.rsplit('/').next().unwrap();
            assert!(answer.refused.iter().any(|refused| refused.contains(name)), "{pointer}: {answer:?}");
            assert_eq!(answer.failure(), Some(FailureKind::Failed));
            count += 1;
        }
        // Other bytes of the same JSON, and nothing.
        let pretty = serde_json::to_vec_pretty(&statement).unwrap();
        for bytes in [pretty, original[..original.len() - 1].to_vec(), Vec::new()] {
            scene.memory.objects().insert(key.clone(), bytes);
            assert!(!scene.answer(None).refused.is_empty());
        }
        scene.memory.objects().insert(key.clone(), original);
    }
    assert!(count > 60, "{count}");
    assert!(scene.answer(None).refused.is_empty());
}

#[test]
fn every_changed_byte_of_a_signed_event_is_refused() {
    let scene = Scene::new(true);
    three_releases_and_one_rollback(&scene);
    let key = scene.memory.keys("/events/prod/").remove(0);
    let original = scene.memory.objects()[&key].clone();
    for at in (0..original.len()).step_by(29) {
        let mut changed = original.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        scene.memory.objects().insert(key.clone(), changed);
        assert!(!scene.answer(None).refused.is_empty(), "byte {at}");
    }
    // Another key's signature of the same statement, and no signature.
    let history = scene.history();
    let mut timeline = history.timeline(Some(Stage::Prod), None);
    scene.memory.objects().insert(key.clone(), original.clone());
    let name = block_on(timeline.next()).unwrap().unwrap();
    let other: TrustedKeys = TrustedKey { key: LocalKey::p256().public_key().clone(), file: "other.pem".into() }.into();
    let refused = block_on(history.event(Some(Stage::Prod), &name, Some(&other))).unwrap_err();
    assert_eq!((refused.kind, refused.diagnostics[0].code), (FailureKind::Failed, Some("history-altered")));
    let untrusted = block_on(history.event(Some(Stage::Prod), &name, None)).unwrap();
    assert_eq!(untrusted.signature, SignatureState::NotVerified);
}

#[test]
fn an_event_in_another_place_is_refused() {
    for is_signed in [false, true] {
        let scene = Scene::new(is_signed);
        let releases = three_releases_and_one_rollback(&scene);
        let keys = scene.memory.keys("/events/prod/");
        // Reordered: two records change their places.
        let (one, other) = (keys[0].clone(), keys[4].clone());
        scene.memory.rename(&one, "kept");
        scene.memory.rename(&other, &one);
        scene.memory.rename("kept", &other);
        assert!(scene.answer(None).refused.iter().any(|refused| refused.contains("changed, moved or copied")), "{is_signed}");
        scene.memory.rename(&one, "kept");
        scene.memory.rename(&other, &one);
        scene.memory.rename("kept", &other);
        assert!(scene.answer(None).refused.is_empty());
        // Replayed at a later time.
        let name = one.rsplit('/').next().unwrap();
        let replayed = one.replace(name, &name.replacen("8232", "8231", 1));
        let bytes = scene.memory.objects()[&one].clone();
        scene.memory.objects().insert(replayed.clone(), bytes.clone());
        let answer = scene.answer(None);
        assert!(replayed == one || !answer.refused.is_empty() || !answer.gaps.is_empty(), "{answer:?}");
        scene.memory.objects().remove(&replayed);
        scene.memory.objects().insert(one.clone(), bytes);
        // Copied to another project, and to another stage.
        let copies: Vec<_> = keys.iter().map(|key| (key.clone(), scene.memory.objects()[key].clone())).collect();
        for (key, bytes) in copies {
            scene.memory.objects().insert(key.replace("/p-1/", "/p-2/"), bytes.clone());
            scene.memory.objects().insert(key.replace("/prod/", "/staging/"), bytes);
        }
        let other = Scene { memory: scene.memory, key: LocalKey::p256(), is_signed, project: "p-2" };
        let trusted = scene.trusted();
        for (project, stage, message) in [("p-2", Stage::Prod, "of the project `p-1`"), ("p-1", Stage::Staging, "of the stage `prod`")] {
            let history = History::new(other.memory, place(), project);
            let query = HistoryQuery { stage, at: None, account: None, region: None, limit: 3, trusted: Some(&trusted), tool: tool() };
            let answer = block_on(history.answer(&query)).unwrap();
            assert!(answer.served.is_empty() && answer.refused.iter().all(|refused| refused.contains(message)), "{answer:?}");
            assert!(!answer.refused.is_empty());
        }
        drop(releases);
    }
}

#[test]
fn an_event_of_another_project_cannot_be_recorded() {
    let scene = Scene::new(false);
    let (_folder, other) = release("p-2", 1);
    let failure = block_on(scene.history().statement(&other, None, Facts::Built { is_signed: false }, &run(0))).unwrap_err();
    assert_eq!(failure.diagnostics[0].code, Some("history-of-another-project"));
}
