//! Scripts that a bundler or compiler made, with maps to what they were made of.

use crate::project::Project;

/// Generated 2:1 is 3:5 of `src/a.ts`; the source has a wide character before it.
const MAP: &str = r#"{"version":3,"sources":["src/a.ts"],"sourcesContent":["one\ntwo\n😀=f()\n"],"names":[],"mappings":";AAEI"}"#;

fn check(project: &Project, entry: &str) {
    let loader = project.loader(entry);
    loader.preload().expect("loads");
    let place = loader.map(loader.entry().as_str(), 2, 1);
    assert_eq!(place.file.as_ref(), project.specifier("src/a.ts").as_str());
    assert_eq!(
        (place.line, place.column),
        (3, 4),
        "characters, not UTF-16 units"
    );
    assert_eq!(
        loader.excerpt(&place).as_deref(),
        Some("  3 | 😀=f()\n    |    ^")
    );
    assert!(loader.take_warnings().is_empty());
}

#[test]
fn a_map_beside_the_script_is_used() {
    let project = Project::new(&[
        (
            "out.js",
            "export default 1;\nf();\n//# sourceMappingURL=out.js.map\n",
        ),
        ("out.js.map", MAP),
    ]);
    check(&project, "out.js");
}

#[test]
fn a_map_in_the_script_is_used() {
    let data = MAP
        .replace('{', "%7b")
        .replace('"', "%22")
        .replace('\n', "%0A");
    let code =
        format!("export default 1;\nf();\n//# sourceMappingURL=data:application/json,{data}");
    check(&Project::new(&[("out.js", &code)]), "out.js");
}

#[test]
fn maps_of_typescript_are_composed() {
    // Stripping moves the code by two lines; the map is about the TypeScript.
    let map = MAP.replace("\";AAEI", "\";;;AAEI");
    let project = Project::new(&[
        (
            "main.ts",
            "interface A {\n}\nconst a: number = 1;\nf();\nexport { a };\n//# sourceMappingURL=main.map\n",
        ),
        ("main.map", &map),
    ]);
    check(&project, "main.ts");
}

#[test]
fn a_missing_map_is_a_warning() {
    let project = Project::new(&[("out.js", "export {};\n//# sourceMappingURL=gone.map\n")]);
    let loader = project.loader("out.js");
    loader.preload().expect("loads");
    let warnings = loader.take_warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("gone.map"), "{warnings:?}");
    assert!(loader.take_warnings().is_empty(), "told once");
    let place = loader.map(loader.entry().as_str(), 1, 3);
    assert_eq!((place.line, place.column), (1, 4));
}

#[test]
fn a_broken_map_maps_nothing() {
    let project = Project::new(&[
        ("out.js", "export {};\n//# sourceMappingURL=out.map\n"),
        ("out.map", "{\"version\": 3, \"mappings\": 5}"),
    ]);
    let loader = project.loader("out.js");
    loader.preload().expect("loads");
    let place = loader.map(loader.entry().as_str(), 1, 3);
    assert_eq!(
        (place.file.as_ref(), place.line, place.column),
        (loader.entry().as_str(), 1, 4)
    );
}
