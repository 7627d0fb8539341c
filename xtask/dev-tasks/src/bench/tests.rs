//! The selection of benchmarks.

use super::*;

fn benchmark(package: &str, name: &str) -> Benchmark {
    Benchmark { package: package.to_owned(), name: name.to_owned(), features: Vec::new(), profile: None }
}

#[test]
fn benchmarks_are_selected_by_name_or_package() {
    let all = [benchmark("cfn-render", "packaging"), benchmark("endpoint-test", "load")];
    let names = |names: &[&str]| -> Vec<&str> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        chosen(&all, &names).unwrap().into_iter().map(|benchmark| benchmark.name.as_str()).collect()
    };
    assert_eq!(names(&[]), ["packaging", "load"]);
    assert_eq!(names(&["load"]), ["load"]);
    assert_eq!(names(&["cfn-render"]), ["packaging"]);
    let failure = chosen(&all, &["lod".to_owned()]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadInput);
}
