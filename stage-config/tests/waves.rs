//! `waves` and `bake_minutes` of a stage file.

use stage_config::{Layer, StageWaves, merge};

fn read(members: &str) -> Result<Option<StageWaves>, Vec<String>> {
    let text = format!("{{ \"Parameters\": {{}}, {members} }}");
    match Layer::from_stage_file(&text, "stage.json".as_ref()) {
        Ok(layer) => Ok(layer.waves),
        Err(problems) => Err(problems.0.iter().map(|problem| format!("{} {problem}", problem.code)).collect()),
    }
}

#[test]
fn waves_are_read_as_text_with_their_place() {
    let waves = read(r#""waves": [1, "10%", ["222222222222", "333333333333"], "rest"], "bake_minutes": 30"#).unwrap().unwrap();
    assert_eq!(waves.waves.as_deref(), Some("1,10%,222222222222+333333333333,rest"));
    assert_eq!((waves.bake_minutes, waves.origin.to_string().as_str()), (Some(30), "stage.json:1:30"));
    let only = read(r#""bake_minutes": 0"#).unwrap().unwrap();
    assert_eq!((only.waves, only.bake_minutes), (None, Some(0)));
    assert_eq!(read(r#""Tags": {}"#).unwrap(), None);
}

#[test]
fn what_is_not_a_list_of_waves_or_a_number_of_minutes_is_refused() {
    for members in [
        r#""waves": "1,rest""#,
        r#""waves": []"#,
        r#""waves": [null]"#,
        r#""waves": [true, "rest"]"#,
        r#""waves": [["222222222222", 1.5, {}], "rest"]"#,
        r#""waves": ["1,10%", "rest"]"#,
        r#""bake_minutes": "30""#,
        r#""bake_minutes": -1"#,
        r#""bake_minutes": 1.5"#,
        r#""bake_minutes": 1441"#,
        r#""bake_minutes": null"#,
    ] {
        let problems = read(members).unwrap_err();
        assert!(problems.len() == 1 && problems[0].starts_with("waves stage.json:1:"), "{members}: {problems:?}");
    }
    // Both are reported at once.
    assert_eq!(read(r#""waves": 1, "bake_minutes": "1""#).unwrap_err().len(), 2);
    assert!(read(r#""wave": [1]"#).unwrap_err()[0].starts_with("unknown-key"));
}

#[test]
fn a_later_layer_replaces_the_waves() {
    let layer = |text: &str| Layer::from_stage_file(text, "stage.json".as_ref()).unwrap();
    let (one, other) = (layer(r#"{ "Parameters": {}, "waves": [1, "rest"] }"#), layer(r#"{ "Parameters": {}, "waves": [2, "rest"] }"#));
    assert_eq!(merge([one.clone(), other.clone()]).waves, other.waves);
    assert_eq!(merge([one.clone(), Layer::default()]).waves, one.waves);
}
