//! Laying layers over each other.

use crate::layer::{Layer, Setting};

/// Layers laid over each other: again a layer, so that merging can go on.
pub type Merged = Layer;

/// Lays layers over each other, the first at the bottom: for each parameter and tag the last layer that has it wins.
///
/// An empty layer changes nothing, merging is associative, and a layer merged with itself stays as it is.
/// What was replaced stays readable in [`Setting::replaced`].
pub fn merge(layers: impl IntoIterator<Item = Layer>) -> Merged {
    layers.into_iter().fold(Layer::default(), over)
}

fn over(mut below: Layer, above: Layer) -> Layer {
    for (name, setting) in above.parameters {
        let setting = match below.parameters.remove(&name) {
            Some(replaced) => cover(replaced, setting),
            None => setting,
        };
        below.parameters.insert(name, setting);
    }
    below.tags.extend(above.tags);
    below.stack_policy = above.stack_policy.or(below.stack_policy);
    for note in above.notes {
        if !below.notes.contains(&note) {
            below.notes.push(note);
        }
    }
    below
}

/// Joins both histories, oldest first, and keeps the last of equal settings: which makes the merge associative and idempotent.
fn cover(below: Setting, above: Setting) -> Setting {
    let Setting { value, origin, standing, replaced } = above;
    let newest = Setting { value, origin, standing, replaced: Vec::new() };
    let mut history: Vec<Setting> = Vec::new();
    for setting in flatten(below).into_iter().chain(replaced) {
        history.retain(|known| *known != setting);
        if setting != newest {
            history.push(setting);
        }
    }
    Setting { replaced: history, ..newest }
}

fn flatten(setting: Setting) -> Vec<Setting> {
    let Setting { value, origin, standing, mut replaced } = setting;
    replaced.push(Setting { value, origin, standing, replaced: Vec::new() });
    replaced
}
