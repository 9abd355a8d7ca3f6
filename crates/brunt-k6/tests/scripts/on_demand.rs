//! Modules and `__ENV` as objects: their members are put in place when they are looked at, which a
//! script must not see.

use crate::harness::Script;

/// Runs a script whose result is logged, on a module that nobody has looked at.
fn shown(expression: &str) -> String {
    let script = format!(
        "import http from 'k6/http'; import encoding from 'k6/encoding';\n\
         export default function () {{ console.log(JSON.stringify({expression})); }}"
    );
    let run = Script::js(script).run(1);
    assert_eq!(run.log.len(), 1, "{expression}: {:?}", run.log);
    run.log[0].trim_start_matches("info: ").to_owned()
}

#[test]
fn members_are_found_by_every_way_of_asking() {
    for (expression, expected) in [
        ("typeof encoding.b64encode", r#""function""#),
        ("encoding.b64encode === encoding.b64encode", "true"),
        ("encoding.b64encode('a')", r#""YQ==""#),
        ("'b64encode' in encoding", "true"),
        ("encoding.hasOwnProperty('b64decode')", "true"),
        ("Object.hasOwn(encoding, 'nothing')", "false"),
        ("typeof encoding.nothing", r#""undefined""#),
        ("typeof encoding.toString", r#""function""#),
        ("String(encoding)", r#""[object Object]""#),
        ("typeof encoding[Symbol.iterator]", r#""undefined""#),
        ("Object.keys(encoding)", r#"["b64decode","b64encode"]"#),
        (
            "(encoding.b64encode, Object.keys(encoding).sort())",
            r#"["b64decode","b64encode"]"#,
        ),
        (
            "Object.entries({ ...encoding }).map(([k, v]) => k + typeof v)",
            r#"["b64decodefunction","b64encodefunction"]"#,
        ),
        (
            "(() => { const all = []; for (const k in encoding) all.push(k); return all; })()",
            r#"["b64decode","b64encode"]"#,
        ),
        (
            "(() => { const { b64decode, ...rest } = encoding; return [typeof b64decode, Object.keys(rest)]; })()",
            r#"["function",["b64encode"]]"#,
        ),
        (
            "(() => { const d = Object.getOwnPropertyDescriptor(encoding, 'b64encode'); return [d.value === encoding.b64encode, d.writable, d.enumerable, d.configurable]; })()",
            "[true,true,true,true]",
        ),
        ("http.TLS_1_3 + http['OCSP_STATUS_GOOD']", r#""tls1.3good""#),
        ("Object.keys(http).length", "34"),
        (
            "Object.values(http).filter((it) => it === undefined).length",
            "0",
        ),
        ("JSON.parse(JSON.stringify(http)).TLS_1_0", r#""tls1.0""#),
    ] {
        assert_eq!(shown(expression), expected, "{expression}");
    }
}

#[test]
fn members_can_be_replaced_wrapped_and_deleted() {
    for (expression, expected) in [
        (
            "(encoding.b64encode = () => 'mine', [encoding.b64encode(), Object.keys(encoding).length])",
            r#"["mine",2]"#,
        ),
        (
            "(() => { const real = encoding.b64encode; encoding.b64encode = (x) => real(x) + '!'; return encoding.b64encode('a'); })()",
            r#""YQ==!""#,
        ),
        (
            "(encoding.own = 1, Object.keys(encoding).sort())",
            r#"["b64decode","b64encode","own"]"#,
        ),
        (
            "(delete encoding.b64encode, ['b64encode' in encoding, Object.keys(encoding)])",
            r#"[false,["b64decode"]]"#,
        ),
        (
            "(encoding.b64encode, delete encoding.b64encode, [typeof encoding.b64encode, Object.keys(encoding)])",
            r#"["undefined",["b64decode"]]"#,
        ),
        (
            "(delete encoding.b64encode, encoding.b64encode = 1, encoding.b64encode)",
            "1",
        ),
        (
            "(Object.defineProperty(encoding, 'b64encode', { get: () => 'got' }), encoding.b64encode)",
            r#""got""#,
        ),
        (
            "(Object.defineProperty(encoding, 'b64encode', { enumerable: false }), [Object.keys(encoding), encoding.b64encode('a')])",
            r#"[["b64decode"],"YQ=="]"#,
        ),
    ] {
        assert_eq!(shown(expression), expected, "{expression}");
    }
}

#[test]
fn a_frozen_module_can_be_used_and_not_changed() {
    for (expression, expected) in [
        (
            "(Object.freeze(encoding), [encoding.b64encode('a'), encoding.b64encode === encoding.b64encode, Object.keys(encoding)])",
            r#"["YQ==",true,["b64decode","b64encode"]]"#,
        ),
        ("Object.isFrozen(Object.freeze(encoding))", "true"),
        (
            "(() => { Object.freeze(encoding); try { encoding.b64encode = 1; } catch (e) { return e.name; } })()",
            r#""TypeError""#,
        ),
        (
            "(() => { Object.freeze(encoding); try { delete encoding.b64encode; } catch (e) { return [e.name, typeof encoding.b64encode]; } })()",
            r#"["TypeError","function"]"#,
        ),
        (
            "(() => { Object.freeze(encoding); try { encoding.other = 1; } catch (e) { return e.name; } })()",
            r#""TypeError""#,
        ),
    ] {
        assert_eq!(shown(expression), expected, "{expression}");
    }
}

#[test]
fn whole_namespaces_and_required_modules_have_every_member() {
    let names = "b64decode,b64encode,default";
    let star = "import * as encoding from 'k6/encoding'; export default () => console.log(Object.keys(encoding).sort().join(), typeof encoding.default.b64encode);";
    let run = Script::js(star).run(1);
    assert_eq!(run.log, [format!("info: {names} function")]);
    let required = "const encoding = require('k6/encoding'); exports.default = () => console.log(Object.keys(encoding).sort().join(), typeof encoding.default.b64encode);";
    let run = Script::js(required).run(1);
    assert_eq!(run.log, [format!("info: {names} function")]);
    let run = Script::js("import encoding, { b64decode } from './lib.js'; export default () => console.log(encoding('a'), b64decode('YQ==', 'std', 's'));")
        .file("lib.js", "export { b64encode as default } from 'k6/encoding'; export * from 'k6/encoding';")
        .run(1);
    assert_eq!(run.log, ["info: YQ== a"]);
    let run = Script::js("import { b64encode } from 'k6/encoding'; import { b64decode } from './lib.js'; export default () => console.log(b64encode('a'), b64decode('YQ==', 'std', 's'));")
        .file("lib.js", "const { b64decode } = require('k6/encoding'); export { b64decode };")
        .run(1);
    assert_eq!(run.log, ["info: YQ== a"]);
}

#[test]
fn the_environment_reads_like_any_object() {
    let run = Script::js(
        "const before = [__ENV.COLOUR, 'COLOUR' in __ENV, __ENV.none, Object.keys(__ENV).includes('COLOUR')];\n\
         __ENV.COLOUR = 'red'; __ENV.more = 1; delete __ENV.SHAPE;\n\
         export default () => console.log(JSON.stringify(before), __ENV.COLOUR, __ENV.more, 'SHAPE' in __ENV, JSON.stringify({ ...__ENV }));",
    )
    .configure(|config| {
        let variable = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        config.env = [("COLOUR", "blue"), ("SHAPE", "round")].map(variable).into();
    })
    .run(1);
    assert_eq!(
        run.log,
        [r#"info: ["blue",true,null,true] red 1 false {"COLOUR":"red","more":1}"#]
    );
}
