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

/// A JSON file that is long enough to be read into a list in pieces.
fn long_file() -> String {
    let long = "long ".repeat(80);
    let mut items: Vec<String> = (0..3000)
        .map(|at| format!(r#"{{"id":{at},"name":"n\u00e4me {at}","of":{{"x":[{at}.5,-1e3,true,null]}},"e":{{}},"l":[],"t":"{long}"}}"#))
        .collect();
    items.extend(
        [
            r#"{"2":"two","b":1,"1":"one"}"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"__proto__":{"x":1},"":0}"#,
            r#"["\ud800","\ud83d\ude00","\u0000"]"#,
            "12345678901234567890",
            "0.1000000000000000055511151231257827",
            "4.35",
            "9007199254740993",
            "-2147483648",
            "[[[[]]]]",
            r#""text""#,
            "false",
            "null",
        ]
        .map(str::to_owned),
    );
    items.push(format!("{}{}", "[".repeat(100), "]".repeat(100)));
    format!(" [ {} ]\n", items.join(" ,\n"))
}

/// Whatever a function does with what it parsed, the list has what k6's has.
#[test]
fn long_files_are_the_same_lists_whatever_is_done_with_them() {
    for (make, change) in [
        ("JSON.parse(open('./long.json'))", "(x) => x"),
        (
            "{ const text = open('./long.json'); return JSON.parse(text); }",
            "(x) => x",
        ),
        ("JSON.parse(open('./long.json'), (_, v) => v)", "(x) => x"),
        ("JSON.parse(open('./wrapped.json')).rows", "(x) => x"),
        (
            "JSON.parse(open('./long.json')).filter((_, i) => i % 2)",
            "(x) => x.filter((_, i) => i % 2)",
        ),
        (
            "{ const rows = JSON.parse(open('./long.json')); rows[1].id = 'new'; rows.push(rows.length); rows.at(-1); return rows; }",
            "(x) => { x[1].id = 'new'; x.push(x.length); return x; }",
        ),
        (
            "[...JSON.parse(open('./long.json'))].reverse()",
            "(x) => x.reverse()",
        ),
        (
            "[JSON.parse(open('./long.json')).length]",
            "(x) => [x.length]",
        ),
    ] {
        let script = format!(
            "import {{ SharedArray }} from 'k6/data';
             const list = new SharedArray('rows', () => {make});
             const plain = ({change})(JSON.parse(open('./long.json', '')));
             export default function () {{
               const wrong = plain.findIndex((row, i) => JSON.stringify(row) !== JSON.stringify(list[i]));
               console.log(list.length === plain.length, wrong, Object.isFrozen(list[0]), JSON.parse('[1]').length, JSON.parse.name);
             }}"
        );
        let text = long_file();
        let printed = Script::js(script)
            .file("long.json", &text)
            .file("wrapped.json", &format!("{{\"rows\":{text}}}"))
            .printed();
        assert_eq!(printed, ["true -1 true 1 parse"], "{make}");
    }
}

/// The file's objects would need ten times what the virtual user may use.
#[test]
fn a_long_file_needs_no_memory_of_the_virtual_user() {
    let row = r#"{"id":1,"name":"a name of some length","roles":["reader","writer"]}"#;
    let rows = vec![row; 200_000].join(",");
    let script = "import { SharedArray } from 'k6/data';
        const list = new SharedArray('rows', () => JSON.parse(open('./rows.json')));
        export default () => console.log(list.length, list[199999].roles[1]);";
    let printed = Script::js(script)
        .file("rows.json", &format!("[{rows}]"))
        .memory(2 << 20)
        .printed();
    assert_eq!(printed, ["200000 writer"]);
}

/// A virtual user may use 4 MiB; the function of a list, which runs once, more.
#[test]
fn the_function_of_a_list_may_use_more_memory_but_not_any() {
    let script = |count: u32| {
        format!(
            "import {{ SharedArray }} from 'k6/data';
             const list = new SharedArray('rows', () => Array.from({{ length: {count} }}, (_, id) => ({{ id, name: 'name ' + id }})));
             const after = Array.from({{ length: 1000 }}, (_, id) => ({{ id }}));
             export default () => console.log(list.length, after.length);"
        )
    };
    let printed = Script::js(script(50_000)).memory(4 << 20).printed();
    assert_eq!(printed, ["50000 1000"]);
    let run = Script::js(script(5_000_000)).memory(4 << 20).run(0);
    let Outcome::Failed(message) = run.init else {
        panic!("nobody may use so much")
    };
    assert!(message.contains("--vu-memory-limit"), "{message}");
}

#[test]
fn a_long_file_that_is_no_json_is_an_error_at_the_users_line() {
    let script = "import { SharedArray } from 'k6/data';\nnew SharedArray('a', () =>\n  JSON.parse(open('./broken.json')));\nexport default () => {};";
    let broken = long_file().replacen("\"id\":777,", "\"id\":,", 1);
    let run = Script::js(script).file("broken.json", &broken).run(0);
    let Outcome::Failed(message) = run.init else {
        panic!("no JSON")
    };
    assert!(
        message.starts_with("SyntaxError: ") && message.contains("main.js:3:"),
        "{message}"
    );
    let missing = Script::js(script).run(0);
    let Outcome::Failed(message) = missing.init else {
        panic!("no file")
    };
    assert!(
        message.contains("broken.json") && message.contains("main.js:3:"),
        "{message}"
    );
}

/// A reader of CSV in plain JavaScript, as `papaparse` is: it looks at the text in every way.
#[test]
fn a_script_can_parse_csv_by_itself() {
    let parser = "export function parse(input, config) {
          if (typeof input !== 'string') throw new Error('no text: ' + typeof input);
          const rows = []; let row = [], field = '', quoted = false;
          for (let i = 0; i < input.length; i++) {
            const c = input[i];
            if (quoted) { if (c !== '\"') field += c; else if (input[i + 1] === '\"') { field += c; i++; } else quoted = false; }
            else if (c === '\"') quoted = true;
            else if (c === ',') { row.push(field); field = ''; }
            else if (c === '\\n') { row.push(field); rows.push(row); row = []; field = ''; }
            else field += c;
          }
          const [names, ...data] = rows;
          return { data: data.map((values) => Object.fromEntries(values.map((v, i) => [names[i], v]))), errors: [] };
        }";
    let rows: Vec<String> = (0..5000)
        .map(|at| format!("{at},\"a \"\"quoted\"\" näme, {at}\",city"))
        .collect();
    let script = "import { SharedArray } from 'k6/data'; import { parse } from './csv.js';
        const list = new SharedArray('rows', () => parse(open('./rows.csv'), { header: true }).data);
        export default () => console.log(list.length, JSON.stringify(list[4999]));";
    let printed = Script::js(script)
        .file("csv.js", parser)
        .file("rows.csv", &format!("id,name,city\n{}\n", rows.join("\n")))
        .printed();
    assert_eq!(
        printed,
        [r#"5000 {"id":"4999","name":"a \"quoted\" näme, 4999","city":"city"}"#]
    );
}
