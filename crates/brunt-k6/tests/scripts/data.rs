//! `k6/data`.

use brunt_engine::Outcome;

use crate::harness::Script;

const LIST: &str = "import { SharedArray } from 'k6/data';\n\
    const list = new SharedArray('rows', () => [{ n: 1, in: { a: [1] } }, 'two', null, undefined, 5]);\n";

fn printed(body: &str) -> Vec<String> {
    Script::js(format!("{LIST}export default function () {{ {body} }}")).printed()
}

#[test]
fn a_shared_array_is_read_like_an_array() {
    let printed = printed(
        "console.log(list.length, list[0].in.a[0], list[1], list[2], list[3], list[9], list.at(-1)); \
         console.log(Array.isArray(list), list instanceof SharedArray, list.map((x) => typeof x).join(), [...list].length, list.indexOf('two')); \
         console.log(JSON.stringify(list), Object.keys(list).join(), 1 in list, 5 in list, list['01']);",
    );
    assert_eq!(
        printed,
        [
            "5 1 two null null undefined 5",
            "true true object,string,object,object,number 5 1",
            r#"[{"n":1,"in":{"a":[1]}},"two",null,null,5] 0,1,2,3,4 true false undefined"#,
        ]
    );
}

#[test]
fn nobody_can_change_it() {
    let printed = printed(
        "for (const f of [() => { list[0] = 1; }, () => list.push(1), () => { list.length = 0; }, () => { delete list[0]; }, () => { list[0].n = 2; }, () => list[0].in.a.push(2), () => list.sort()]) { \
           try { f(); console.log('done'); } catch (e) { console.log(e.name); } } console.log(list[0].n, list.length);",
    );
    assert_eq!(
        printed,
        [
            "TypeError",
            "TypeError",
            "TypeError",
            "TypeError",
            "TypeError",
            "TypeError",
            "TypeError",
            "1 5"
        ]
    );
}

#[test]
fn it_is_made_once_for_each_name() {
    let script = "import { SharedArray } from 'k6/data'; let made = 0; const make = () => { made++; return [made]; };\n\
        const a = new SharedArray('a', make), again = new SharedArray('a', make), b = new SharedArray('b', make);\n\
        export default () => console.log(made, a[0], again[0], b[0]);";
    assert_eq!(Script::js(script).printed(), ["2 1 1 2"]);
}

#[test]
fn what_makes_no_list_is_refused_at_the_users_line() {
    for wrong in [
        "('', () => [])",
        "(() => [])",
        "('a', [])",
        "('a', () => ({}))",
        "('a', async () => [])",
    ] {
        let script = format!(
            "import {{ SharedArray }} from 'k6/data';\nnew SharedArray{wrong};\nexport default () => {{}};"
        );
        let Outcome::Failed(message) = Script::js(script).run(0).init else {
            panic!("{wrong}")
        };
        assert!(message.starts_with("TypeError: "), "{message}");
        assert!(
            message.contains("main.js:2:") && !message.contains("eval_script"),
            "{message}"
        );
    }
    let late = "import { SharedArray } from 'k6/data';\nexport default () => new SharedArray('a', () => []);";
    assert!(Script::js(late).run(1).error().contains("init context"));
}

/// What `JSON.parse(JSON.stringify(item))` gives, frozen.
#[test]
fn every_value_of_json_survives() {
    let script = r#"import { SharedArray } from 'k6/data';
        let deep = 1; for (let i = 0; i < 200; i++) deep = { deep };
        const rows = () => [
          0, -0, 1, -1, 2147483647, -2147483648, 2147483648, 1e300, 5e-324, 0.1, NaN, Infinity,
          '', 'ä€😀', '\ud800 half', 'nul\u0000', true, false, null, undefined, () => 1, Symbol('s'),
          {}, [], [[]], [1, , 3], { b: 1, a: [{ c: null }], 2: 'two', 1: 'one' },
          { __proto__: null, plain: 1 }, JSON.parse('{"__proto__": {"x": 1}, "": 2}'),
          { at: new Date(0), gone: undefined, f() {}, toJSON() { return { json: this.f.length }; } },
          new Date(0), { n: NaN, u: undefined, f() {} }, new Map([[1, 2]]), 'x'.repeat(300), deep,
          ...Array.from({ length: 5000 }, (_, i) => ({ ['key' + i]: i })),
        ];
        const list = new SharedArray('rows', rows);
        const frozen = (v) => typeof v !== 'object' || v === null || (Object.isFrozen(v) && Object.values(v).every(frozen));
        export default function () {
          const wanted = rows().map((row) => JSON.parse(JSON.stringify(row) ?? 'null'));
          const wrong = wanted.filter((row, i) => JSON.stringify(row) !== JSON.stringify(list[i]) || !frozen(list[i]) || Object.is(row, -0));
          console.log(list.length === wanted.length, wrong.length, wrong[0]);
          console.log(Object.getPrototypeOf(list[28]) === Object.prototype, list[0] === list[0], list[26] === list[26]);
        }"#;
    assert_eq!(
        Script::js(script).printed(),
        ["true 0 undefined", "true true false"]
    );
}

#[test]
fn a_big_integer_is_refused_as_json_refuses_it() {
    let script = "import { SharedArray } from 'k6/data';\nnew SharedArray('a', () => [1n]);\nexport default () => {};";
    let Outcome::Failed(message) = Script::js(script).run(0).init else {
        panic!("a BigInt has no JSON")
    };
    assert!(
        message.starts_with("TypeError: ") && message.contains("main.js:2:"),
        "{message}"
    );
}
