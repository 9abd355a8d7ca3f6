//! CommonJS modules, alone and imported by ES modules.

use crate::project::{Project, engine_place_of, from_text, place_of};
use brunt_script::{Kind, REQUIRE_MODULE};

#[test]
fn a_commonjs_script_becomes_a_function_on_the_same_lines() {
    let (loader, source) =
        from_text("#!/usr/bin/env brunt\n'use strict';\nmodule.exports.a = 1; return;")
            .expect("loads");
    assert_eq!(source.kind, Kind::CommonJs);
    assert!(
        source
            .code
            .starts_with("(function (module, exports, require) {//"),
        "{}",
        source.code
    );
    assert!(source.code.trim_end().ends_with("})"));
    assert_eq!(source.code.lines().nth(1), Some("'use strict';"));
    assert_eq!(
        loader.map(source.specifier.as_str(), 3, 5).to_string(),
        "file:///dir/-:3:5"
    );
}

#[test]
fn the_wrapper_does_not_shift_the_first_line() {
    let code = "const tools = require('./tools.js');";
    let (loader, source) = from_text(code).expect("loads");
    let (line, column) = engine_place_of(&source.code, "require('./");
    let place = loader.map(source.specifier.as_str(), line, column);
    assert_eq!((place.line, place.column), place_of(code, "require('./"));
}

#[test]
fn facades_export_what_is_there_and_what_is_wanted() {
    let project = Project::new(&[
        (
            "main.js",
            "import tools, { add, dynamic as d } from './tools.js'; import './other.js';",
        ),
        (
            "other.js",
            "export { third } from './tools.js'; export * from './star.js';",
        ),
        ("star.js", "export * from './tools.js';"),
        ("user.js", "import { far } from './other.js';"),
        (
            "tools.js",
            "exports.add = 1; exports['not-a-name'] = 2; Object.assign(exports, x())",
        ),
    ]);
    let loader = project.loader("main.js");
    loader.preload().expect("loads");
    let source = loader.load(&project.specifier("tools.js")).expect("loads");
    assert_eq!(source.kind, Kind::CommonJs);
    assert_eq!(source.exports, ["add", "dynamic", "third", "default"]);
    let facade = source.esm_facade.as_deref().expect("a facade");
    assert!(
        facade.starts_with(&format!("import r from\"{REQUIRE_MODULE}\";")),
        "{facade}"
    );
    assert!(
        facade.contains(&format!("r(\"{}\")", source.specifier)),
        "{facade}"
    );
    for name in ["as add }", "as dynamic }", "as third }", "export default"] {
        assert!(facade.contains(name), "{name}: {facade}");
    }
    let names = project.loader("user.js");
    names.preload().expect("loads");
    let source = names.load(&project.specifier("tools.js")).expect("loads");
    assert!(
        source.exports.contains(&"far".to_owned()),
        "through a star: {:?}",
        source.exports
    );
}

#[test]
fn namespaces_of_commonjs_modules_are_objects_made_at_run_time() {
    let main = "import * as tools from './tools.js'; import * as esm from './esm.js'; f();";
    let project = Project::new(&[
        ("main.js", main),
        ("tools.js", "module.exports = make()"),
        ("esm.js", "export {}"),
    ]);
    let loader = project.loader("main.js");
    let source = loader.load(loader.entry()).expect("loads");
    assert!(
        source
            .code
            .starts_with("import tools from \"./tools.js#*\";"),
        "{}",
        source.code
    );
    assert!(
        source
            .code
            .contains("import * as esm from './esm.js'; f();")
    );
    assert_eq!(place_of(&source.code, "f()"), place_of(main, "f()"));
    loader.seal();
    let target = loader
        .resolve(loader.entry(), "./tools.js#*")
        .expect("resolves");
    let namespace = loader.load(&target).expect("was made beside it");
    assert_eq!(
        (namespace.kind, &*namespace.exports),
        (Kind::Esm, &["default".to_owned()][..])
    );
    assert!(
        namespace
            .code
            .contains(&format!("r(\"{}\")", project.specifier("tools.js")))
    );
    loader
        .load(&project.specifier("tools.js"))
        .expect("loaded too");
}

#[test]
fn what_commonjs_requires_is_looked_for_at_run_time() {
    let project = Project::new(&[("main.js", "if (never) require('./gone.js')")]);
    project.loader("main.js").preload().expect("loads");
}
