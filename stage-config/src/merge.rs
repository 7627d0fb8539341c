//! Merges layers.

use std::collections::BTreeMap;

use crate::layer::{Layer, Setting};

/// Merged layers: again a layer, so that it can be merged further.
pub type Merged = Layer;

/// Merges layers, lowest precedence first: for each parameter and tag, the last layer that has it
/// wins.
///
/// An empty layer changes nothing, merging is associative, and a layer merged with itself does not
/// change.
/// Replaced settings are in [`Setting::replaced`].
pub fn merge(layers: impl IntoIterator<Item = Layer>) -> Merged {
    layers.into_iter().fold(Layer::default(), merge_two)
}

fn merge_two(mut below: Layer, above: Layer) -> Layer {
    merge_settings(&mut below.parameters, above.parameters);
    merge_settings(&mut below.tags, above.tags);
    below.stack_policy = above.stack_policy.or(below.stack_policy);
    below.waves = above.waves.or(below.waves);
    below.form = above.form.or(below.form);
    for note in above.notes {
        if !below.notes.contains(&note) {
            below.notes.push(note);
        }
    }
    below
}

fn merge_settings(below: &mut BTreeMap<String, Setting>, above: BTreeMap<String, Setting>) {
    for (name, setting) in above {
        let setting = match below.remove(&name) {
            Some(replaced) => replace(replaced, setting),
            None => setting,
        };
        below.insert(name, setting);
    }
}

/// Joins both histories, oldest first, and keeps the last of equal settings. This makes merging
/// associative and idempotent.
fn replace(below: Setting, above: Setting) -> Setting {
    let (newest, replaced) = without_history(above);
    let mut history: Vec<Setting> = Vec::new();
    let (was_newest, was_replaced) = without_history(below);
    for setting in was_replaced.into_iter().chain([was_newest]).chain(replaced) {
        history.retain(|known| *known != setting);
        if setting != newest {
            history.push(setting);
        }
    }
    Setting { replaced: history, ..newest }
}

fn without_history(mut setting: Setting) -> (Setting, Vec<Setting>) {
    let replaced = std::mem::take(&mut setting.replaced);
    (setting, replaced)
}
