//! Decides after a failed call whether to call again, and prints what to do:
//! `cargo run -p call-fault --example retry_or_stop`
#![allow(clippy::print_stdout, reason = "an example prints")]

use call_fault::Fault;

fn main() {
    let failed_calls =
        [("s3:PutObject", "SlowDown"), ("sts:AssumeRole", "ExpiredToken"), ("cloudformation:DescribeStacks", "AccessDenied")];
    let mut temporary = Vec::new();
    for (action, code) in failed_calls {
        let Some(fault) = Fault::of_code(code) else {
            println!("{action}: {code} is an error of this service only");
            continue;
        };
        let what = if fault.is_temporary() { "call it again later" } else { "do not call it again" };
        println!("{action}: {code}: {what}\n    {}", fault.hint(action));
        if fault.is_temporary() {
            temporary.push(code);
        }
    }
    assert_eq!(temporary, ["SlowDown"]);
}
