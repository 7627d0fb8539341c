//! Plans a rollout to ten accounts in waves, without a call to AWS:
//! `cargo run -p stack-rollout --no-default-features --example plan_in_waves`
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use stack_rollout::{InstanceAction, Observed, Release, SetChange, Targets, Template, WaveSpec, plan};

fn main() -> Result<(), Box<dyn Error>> {
    let accounts = (1..=10).map(|number| format!("{number:012}").parse()).collect::<Result<Vec<_>, _>>()?;
    let targets = Targets::new(accounts, ["eu-west-1".parse()?, "us-east-1".parse()?]);
    let release = Release::new("iris-prod".parse()?, Template::inline("Resources: {}"), targets.clone()).parameters([("EnvType", "prod")]);

    // No stack set exists yet. `observe` reads the current state from CloudFormation.
    let plan = plan(&release, &Observed::default());
    assert_eq!(plan.stack_set, SetChange::Create);
    println!("{} new stack instances", plan.targets(InstanceAction::New).count());

    let waves = "1,20%,rest".parse::<WaveSpec>()?.waves(&targets)?;
    for wave in &waves {
        println!("wave {} ({}): {} targets", wave.number, wave.size, wave.targets.len());
    }
    let sizes: Vec<usize> = waves.iter().map(|wave| wave.targets.len()).collect();
    assert_eq!(sizes, [2, 4, 14], "each account has two regions");
    assert!("1,20%".parse::<WaveSpec>().is_err(), "seven accounts would be forgotten");
    Ok(())
}
