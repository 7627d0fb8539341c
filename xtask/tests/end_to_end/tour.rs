//! `tour`.

use crate::project::Project;

#[test]
fn the_tour_runs_all_steps_and_writes_the_report() {
    let project = Project::new();
    project
        .run(["tour"])
        .ends_with(0)
        .says("did you mean `EndpointInstanceType`?")
        .says("nothing was written")
        .says("Identical")
        .says("report.html");
    let results = project.json("target/tour/test-results/test-results.json");
    assert_eq!(results["verdict"], "passed");
    assert_eq!(results["targets"][0]["cases"].as_array().unwrap().len(), 5);
    assert!(!project.path("target/tour/wrong/release").exists());
}

#[test]
fn the_pipelines_variables_do_not_change_the_tour() {
    let mut project = Project::new().with_pipeline_variables();
    project.set("SAGEMAKER_PROJECT_NAME", "another-project");
    project.set("CFN_TEMPLATE_NAME", "another");
    project.run(["tour"]).ends_with(0);
    assert_eq!(project.json("target/tour/release/release-manifest.json")["project"]["name"], "iris");
}
