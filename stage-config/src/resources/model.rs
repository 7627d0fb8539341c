//! `AWS::SageMaker::Model`.

use super::inspector::{About, Inspector};
use super::property::Property;
use crate::names;

/// What other rules need to know about a model.
pub(super) struct Model {
    pub(super) id: String,
    /// The pointer of its `VpcConfig`, if it has one.
    pub(super) vpc: Option<String>,
    /// The pointer of its `EnableNetworkIsolation`, if it is on.
    pub(super) isolated: Option<String>,
    /// Whether one of its containers is the release's model package.
    pub(super) is_release: bool,
}

pub(super) fn check(inspector: &mut Inspector<'_>, id: &str, properties: &Property<'_>) -> Model {
    let owner = format!("model `{id}`");
    fixed_name(inspector, properties, "ModelName", &owner);
    let vpc = properties.get("VpcConfig");
    if let Some(vpc) = &vpc {
        vpc_config(inspector, vpc, &owner);
    }
    let containers = properties.get("Containers");
    if let Some((list, items)) = containers.as_ref().and_then(|list| Some((list, list.items()?))) {
        if items.len() > 15 {
            let message = format!("{owner} has {} containers; SageMaker allows 15", items.len());
            inspector.error("too-many", message, "serve fewer models with one endpoint", &[About::Value(&list.pointer)]);
        }
        for item in &items {
            container(inspector, item, &owner);
        }
    }
    let primary = properties.get("PrimaryContainer");
    if let Some(primary) = &primary {
        container(inspector, primary, &owner);
    }
    let items = containers.as_ref().and_then(Property::items).unwrap_or_default();
    let mut packages = items.iter().chain(&primary).filter_map(|container| container.get("ModelPackageName"));
    let is_release = packages.any(|package| inspector.is_release_package(&package));
    let isolated = properties.get("EnableNetworkIsolation").filter(|isolation| match isolation.value {
        serde_json::Value::Bool(on) => *on,
        other => other.as_str() == Some("true"),
    });
    Model { id: id.to_owned(), vpc: vpc.map(|vpc| vpc.pointer), isolated: isolated.map(|isolation| isolation.pointer), is_release }
}

/// Checks for 1 to 16 subnets and 1 to 5 security groups (SageMaker API, `VpcConfig`).
pub(super) fn vpc_config(inspector: &mut Inspector<'_>, vpc: &Property<'_>, owner: &str) {
    for (name, most) in [("Subnets", 16), ("SecurityGroupIds", 5)] {
        inspector.required(vpc, name, &format!("`VpcConfig` of {owner}"));
        let Some((list, items)) = vpc.get(name).and_then(|list| list.items().map(|items| (list, items))) else { continue };
        if items.is_empty() || items.len() > most {
            let message = format!("`{name}` of {owner} has {} members; SageMaker allows 1 to {most}", items.len());
            inspector.error("too-many", message, "use 1 to 16 subnets and 1 to 5 security groups", &[About::Value(&list.pointer)]);
        }
    }
}

/// Checks for an image of at most 255 characters without spaces, and model data of at most 1,024
/// (SageMaker API, `ContainerDefinition`).
fn container(inspector: &mut Inspector<'_>, container: &Property<'_>, owner: &str) {
    if let Some((property, image)) = container.get("Image").and_then(|image| Some((image.clone(), image.text()?)))
        && (image.is_empty() || image.chars().count() > 255 || image.contains(char::is_whitespace))
    {
        let message = format!("`Image` of {owner} is `{}`, not a valid image path", property.shown());
        inspector.error("image", message, "use 1 to 255 characters without spaces", &[About::Value(&property.pointer)]);
    }
    inspector.s3_uri(container, "ModelDataUrl", 1024, owner);
    environment(inspector, container, owner);
}

/// Checks for at most 100 variables of 1,024 bytes each, 32 KiB in total (SageMaker API,
/// `CreateModel`).
fn environment(inspector: &mut Inspector<'_>, container: &Property<'_>, owner: &str) {
    const MOST: usize = 100;
    const MOST_BYTES: usize = 1024;
    const MOST_BYTES_IN_ALL: usize = 32 * 1024;
    let Some(environment) = container.get("Environment").filter(|environment| !environment.is_unknown()) else { return };
    let Some(variables) = environment.value.as_object() else { return };
    if variables.len() > MOST {
        let message = format!("the environment of {owner} has {} variables; SageMaker allows {MOST}", variables.len());
        inspector.error("too-many", message, "move some of them into the model's archive", &[About::Value(&environment.pointer)]);
    }
    let mut all = 0;
    for name in variables.keys() {
        let Some(variable) = environment.get(name) else { continue };
        let length = variable.text().map_or(0, str::len);
        all += name.len() + length;
        if name.len() > MOST_BYTES || length > MOST_BYTES {
            let message =
                format!("the variable `{}` of {owner} is longer than {MOST_BYTES} bytes", name.chars().take(60).collect::<String>());
            inspector.error("too-long", message, "move it into the model's archive", &[About::Value(&variable.pointer)]);
        }
    }
    if all > MOST_BYTES_IN_ALL {
        let message = format!("the environment of {owner} has {all} bytes; SageMaker allows {MOST_BYTES_IN_ALL}");
        inspector.error("too-long", message, "move some of it into the model's archive", &[About::Value(&environment.pointer)]);
    }
}

/// Models and endpoint configurations are immutable: a change creates a replacement, which fails if
/// it has the same name.
pub(super) fn fixed_name(inspector: &mut Inspector<'_>, properties: &Property<'_>, name: &'static str, owner: &str) {
    let Some(property) = properties.get(name) else { return };
    let Some(text) = property.text() else { return };
    if !names::is_sagemaker_name(text) {
        let message =
            format!("`{name}` of {owner} is `{}`, which is not a valid name: it has {} characters", property.shown(), text.chars().count());
        inspector.error("name", message, "use 1 to 63 letters, digits and inner hyphens", &[About::Value(&property.pointer)]);
    } else if !inspector.depends_on(&property, "ModelPackageName") {
        let message = format!("{owner} has the fixed name `{text}`");
        let hint =
            format!("omit `{name}` to let CloudFormation generate it: a change creates a replacement, which cannot have the same name");
        inspector.warning("fixed-name", message, &hint, &[About::Value(&property.pointer)]);
    }
}
