//! Malicious input causes an error, quickly.

use std::time::Duration;

use cfn_render::Template;

use crate::cpu_time::cpu_now;
use crate::project::Project;

/// Fails if the work takes too much CPU time; the limit is more than ten times the longest case.
/// Other processes do not count.
pub(crate) fn quickly<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = cpu_now();
    let result = work();
    let used = cpu_now().saturating_sub(start);
    assert!(used < Duration::from_secs(20), "{what} used {used:?}");
    result
}

#[test]
fn deep_nesting_is_rejected() {
    for text in [
        "[".repeat(100_000),
        format!("a: {}1{}", "[".repeat(250), "]".repeat(250)),
        format!("a: {}1{}", "{b: ".repeat(250), "}".repeat(250)),
        (0..300).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        "- ".repeat(300),
        format!("{{\"a\": {}1{}}}", "[".repeat(199), "]".repeat(199)).replace('1', "[1]"),
    ] {
        let error = quickly("nesting", || Template::parse(text, "t.yml")).unwrap_err();
        assert_eq!(error.problems().len(), 1);
    }
}

#[test]
fn deep_nesting_through_aliases_is_rejected() {
    let mut text = String::from("a0: &a0 x\n");
    for n in 1..300 {
        text.push_str(&format!("a{n}: &a{n} [[*a{}]]\n", n - 1));
    }
    let error = quickly("nesting", || Template::parse(text, "t.yml")).unwrap_err();
    assert_eq!(error.problems()[0].code, "too-deep");
}

#[test]
fn nesting_up_to_the_limit_is_handled_on_a_small_stack() {
    for (open, close, times) in [
        ("[", "]", 190),
        ("{a: ", "}", 190),
        ("!Novelty [", "]", 190),
        ("!Join ['', [", "]]", 95),
        ("!Sub ['${a}', {a: ", "}]", 95),
        ("!If [C, ", ", x]", 190),
        ("{Fn::Select: [0, [", "]]}", 60),
    ] {
        let value = format!("{}1{}", open.repeat(times), close.repeat(times));
        let text = format!("Conditions: {{C: !Equals [a, a]}}\nResources: {{R: {{Type: T, Properties: {{A: {value}}}}}}}");
        let handle = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
            let template = Template::parse(text, "t.yml").unwrap();
            let resolved = template.resolve(&std::collections::BTreeMap::new(), &cfn_render::PseudoParameters::unknown()).unwrap();
            assert!(template.to_json().contains("\"Type\": \"T\""));
            (template.problems().len(), resolved["Resources"]["R"]["Type"].clone())
        });
        assert_eq!(handle.unwrap().join().unwrap(), (0, "T".into()), "{open}");
    }
}

#[test]
fn alias_bombs_are_rejected() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..20 {
        let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{aliases}]\n"));
    }
    let error = quickly("the bomb", || Template::parse(text, "t.yml")).unwrap_err();
    assert_eq!(error.problems()[0].code, "alias-bomb");
}

#[test]
fn a_small_template_cannot_resolve_to_a_huge_one() {
    let uses = vec!["!Ref P"; 50_000].join(", ");
    let text = format!("Parameters: {{P: {{Type: String}}}}\nResources: {{R: {{Type: T, Properties: {{A: [{uses}]}}}}}}\n");
    let template = Template::parse(text, "t.yml").unwrap();
    let parameters = std::collections::BTreeMap::from([("P".to_owned(), "x".repeat(100_000))]);
    let error = quickly("resolving", || template.resolve(&parameters, &cfn_render::PseudoParameters::unknown())).unwrap_err();
    assert_eq!(error.problems()[0].code, "result-too-large");
}

#[test]
fn large_scalars_and_many_keys_take_linear_time() {
    let text = format!("Description: '{}'\nResources:\n  R: {{Type: T}}\n", "é".repeat(5 << 20));
    assert_eq!(quickly("a large scalar", || Template::parse(text, "t.yml")).unwrap().problems().len(), 1);
    let keys: String =
        (0..20_000).map(|n| format!("  R{n}: {{Type: 'AWS::Lambda::Function', Properties: {{Code: {{Ref: X}}}}}}\n")).collect();
    let template = Template::parse(format!("Resources:\n{keys}"), "t.yml").unwrap();
    assert!(quickly("many keys", || template.problems()).len() >= 100);
    assert!(quickly("planning", || template.plan_package(&cfn_render::PackageOptions::default())).unwrap().is_empty());
}

#[cfg(unix)]
#[test]
fn pipes_and_loops_of_links_are_rejected() {
    let template = "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}, G: {Type: 'AWS::Lambda::Function', Properties: {Code: pipe}}}\n";
    let project = Project::new(&[("template.yml", template), ("src/a", "a")]);
    for pipe in ["src/pipe", "pipe"] {
        let status = std::process::Command::new("mkfifo").arg(project.path(pipe)).status().unwrap();
        assert!(status.success());
    }
    std::os::unix::fs::symlink(".", project.path("src/loop")).unwrap();
    let error = quickly("a pipe", || project.package_error("template.yml"));
    insta::assert_snapshot!(project.report(&error), @"
    template.yml:1:67: `src/pipe` is a pipe, a socket or a device, not a file [special-file] hint: list it in a .cfnignore file, or remove it
    template.yml:1:67: the folder `src` cannot be read: File system loop found: src/loop points to an ancestor src [symlink-loop] hint: list the link in a .cfnignore file, or remove it
    template.yml:1:128: `pipe` is a pipe, a socket or a device, not a file [special-file] hint: list it in a .cfnignore file, or remove it
    ");
}

#[test]
fn a_child_that_is_not_utf8_is_rejected_with_its_line() {
    let project =
        Project::new(&[("template.yml", "Resources: {C: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yml}}}\n")]);
    project.write("child.yml", b"Resources:\n  A: \xe9\n");
    insta::assert_snapshot!(project.report(&project.package_error("template.yml")), @"template.yml:1:79: `child.yml` is not UTF-8: the first invalid byte is on line 2 [unreadable]");
}

#[test]
fn archives_that_climb_out_of_their_folder_are_rejected() {
    for name in ["../evil", "a/../../evil", "/etc/evil", "..\\evil"] {
        let template = "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: code.zip}}}\n";
        let project = Project::new(&[("template.yml", template)]);
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, b"x").unwrap();
        project.write("code.zip", zip.finish().unwrap().into_inner());
        let error = project.package_error("template.yml");
        assert_eq!(error.problems()[0].code, "archive-climbs-out", "{name}");
        assert!(error.problems()[0].message.contains(name), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_portable_are_rejected() {
    use std::os::unix::ffi::OsStrExt as _;

    let template = "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n";
    let project = Project::new(&[("template.yml", template), ("src/a", "a")]);
    std::fs::write(project.path("src").join(std::ffi::OsStr::from_bytes(b"\xff.py")), "x").unwrap();
    std::fs::write(project.path("src/..\\evil"), "x").unwrap();
    let error = project.package_error("template.yml");
    let codes: Vec<&str> = error.problems().iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["name-with-backslash", "name-not-utf8"]);
}

#[cfg(unix)]
#[test]
fn sockets_and_devices_are_rejected() {
    let template = "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}, G: {Type: 'AWS::Glue::Job', Properties: {Command: {ScriptLocation: /dev/zero}}}}\n";
    let project = Project::new(&[("template.yml", template), ("src/a", "a")]);
    let _listener = std::os::unix::net::UnixListener::bind(project.path("src/socket")).unwrap();
    let error = quickly("a device", || project.package_error("template.yml"));
    let codes: Vec<&str> = error.problems().iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["special-file", "special-file"]);
}

#[test]
fn a_nested_template_of_gigabytes_is_not_read() {
    let project =
        Project::new(&[("template.yml", "Resources: {C: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yml}}}\n")]);
    std::fs::File::create(project.path("child.yml")).unwrap().set_len(8 << 30).unwrap();
    let error = quickly("a huge child", || project.package_error("template.yml"));
    assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
}

#[cfg(unix)]
#[test]
fn with_a_boundary_nothing_outside_of_it_is_read() {
    let code = |path: &str| format!("{{Type: 'AWS::Lambda::Function', Properties: {{Code: '{path}'}}}}");
    let template = format!(
        "Resources: {{A: {}, B: {}, C: {}, D: {}, E: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: ../child.yml}}}}, F: {{'Fn::Transform': {{Name: 'AWS::Include', Parameters: {{Location: ../snippet.yml}}}}}}}}\n",
        code("/etc/passwd"),
        code("../../../../../../../../../../etc/passwd"),
        code("link"),
        code("src")
    );
    let files =
        [("in/template.yml", template.as_str()), ("in/src/a", "a"), ("child.yml", "Resources: {R: {Type: T}}"), ("snippet.yml", "{A: 1}")];
    let project = Project::new(&files);
    std::os::unix::fs::symlink("../child.yml", project.path("in/link")).unwrap();
    let mut options = cfn_render::PackageOptions::default();
    options.within = Some(project.path("in"));
    let error = project.template("in/template.yml").plan_package(&options).unwrap_err();
    let outside: Vec<_> = error.problems().iter().filter(|problem| problem.code == "outside-artifact").collect();
    assert_eq!(outside.len(), 5, "{error}");
    options.within = Some(project.path(""));
    let error = project.template("in/template.yml").plan_package(&options).unwrap_err();
    assert_eq!(error.problems().iter().filter(|problem| problem.code == "outside-artifact").count(), 2, "{error}");
}

#[test]
fn artifacts_of_many_gigabytes_are_not_read() {
    let template = "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: huge}}, G: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n";
    let project = Project::new(&[("template.yml", template), ("src/a", "a")]);
    for file in ["huge", "src/b", "src/c"] {
        std::fs::File::create(project.path(file)).unwrap().set_len(4 << 30).unwrap();
    }
    std::fs::File::options().write(true).open(project.path("huge")).unwrap().set_len(60 << 30).unwrap();
    let error = quickly("huge artifacts", || project.package_error("template.yml"));
    assert_eq!(error.problems().iter().map(|problem| problem.code.as_str()).collect::<Vec<_>>(), ["artifact-too-large"; 2]);
}

#[test]
fn many_problems_are_reported_quickly_up_to_a_limit() {
    let keys = "\"A\":1,".repeat(200_000);
    for text in [
        format!("{{{keys}\"B\":2}}"),
        format!("{{\"Resources\":{{{}\"Z\":{{}}}}}}", (0..50_000).map(|n| format!("\"R{n}\":{{}},")).collect::<String>()),
        format!("{{\"Resources\":{{\"R\":{{\"Type\":\"T\",\"P\":[{}1]}}}}}}", "{\"Ref\":\"Nobody\"},".repeat(100_000)),
        format!("A: &a 1\nB: [{}*a]\n", "*a, ".repeat(100_000)),
    ] {
        let template = Template::parse(text, "t.json").unwrap();
        let problems = quickly("many problems", || template.problems());
        assert!((100..300).contains(&problems.len()), "{}", problems.len());
        assert_eq!(problems.iter().filter(|problem| problem.code == "more-problems").count(), 1);
    }
}

#[cfg(unix)]
#[test]
fn many_problems_of_a_folder_are_reported_up_to_a_limit() {
    let template = "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n";
    let project = Project::new(&[("template.yml", template), ("src/a", "a")]);
    for index in 0..300 {
        std::os::unix::fs::symlink("../template.yml", project.path(&format!("src/out{index}"))).unwrap();
    }
    let error = project.package_error("template.yml");
    assert_eq!(error.problems().len(), 51);
    assert_eq!(error.problems()[50].code, "more-problems");
}

#[test]
fn a_folder_of_very_many_files_is_packaged() {
    let project = Project::new(&[("template.yml", "Resources: {F: {Type: 'AWS::Lambda::Function', Properties: {Code: src}}}\n")]);
    for folder in 0..20 {
        std::fs::create_dir_all(project.path(&format!("src/{folder}"))).unwrap();
        for file in 0..1000 {
            std::fs::write(project.path(&format!("src/{folder}/{file}")), b"x").unwrap();
        }
    }
    let (packaged, store) = quickly("twenty thousand files", || project.package("template.yml"));
    let archive = zip::ZipArchive::new(std::io::Cursor::new(store.objects()[&packaged.uploads[0].key].clone())).unwrap();
    assert_eq!(archive.len(), 20_000);
}
