//! `TextEncoder`, `TextDecoder`, `GoError`, `Math.random`, `k6/encoding`.

use crate::harness::Script;

#[test]
fn text_goes_to_bytes_and_back() {
    let printed = Script::body(
        "const bytes = new TextEncoder().encode('aä€😀'); console.log(bytes.length, new TextEncoder().encoding); \
         console.log(new TextDecoder().decode(bytes), new TextDecoder('utf-16le').decode(new Uint8Array([0x61, 0, 0xe4, 0]))); \
         const d = new TextDecoder('utf-8', { fatal: true }); console.log(d.encoding, d.fatal, d.ignoreBOM); \
         try { d.decode(new Uint8Array([0xff])); } catch (e) { console.log(e.name); } \
         try { new TextDecoder('latin1'); } catch (e) { console.log(e.name); } \
         console.log(new TextDecoder().decode(new Uint8Array([0xff])) === '\\ufffd');",
    )
    .printed();
    assert_eq!(
        printed,
        [
            "10 utf-8",
            "aä€😀 aä",
            "utf-8 true false",
            "TypeError",
            "RangeError",
            "true"
        ]
    );
}

#[test]
fn a_character_may_come_in_parts() {
    let printed = Script::body(
        "const d = new TextDecoder(); const b = new TextEncoder().encode('€😀'); let s = ''; \
         for (const one of b) s += d.decode(new Uint8Array([one]), { stream: true }); s += d.decode(); console.log(s);",
    )
    .printed();
    assert_eq!(printed, ["€😀"]);
}

#[test]
fn base64_has_four_alphabets_and_two_forms() {
    let printed = Script::body(
        "const b = new Uint8Array([251, 255, 254, 1]).buffer; \
         console.log(['std', 'rawstd', 'url', 'rawurl'].map((e) => encoding.b64encode(b, e)).join(' ')); \
         console.log(encoding.b64decode('aGk=', 'std', 's'), encoding.b64decode('aGk', 'rawurl') instanceof ArrayBuffer); \
         try { encoding.b64decode('!'); } catch (e) { console.log(e instanceof GoError, e instanceof Error); }",
    )
    .printed();
    assert_eq!(
        printed,
        ["+//+AQ== +//+AQ -__-AQ== -__-AQ", "hi true", "true true"]
    );
}

#[test]
fn random_numbers_repeat_with_a_seed() {
    let script = "import { randomSeed } from 'k6'; export default function () { randomSeed(7); const a = [Math.random(), Math.random()]; randomSeed(7); console.log(a[0] === Math.random() && a[1] === Math.random(), a[0] !== a[1], a[0] < 1); }";
    assert_eq!(Script::js(script).printed(), ["true true true"]);
}

#[test]
fn the_environment_is_the_virtual_users_own() {
    let run = Script::body("__ENV.n = (__ENV.n || '') + 'x'; console.log(__ENV.n, __ENV.HOME);")
        .configure(|it| it.env = [("HOME".to_owned(), "sweet".to_owned())].into())
        .run(2);
    assert_eq!(run.log, ["info: x sweet", "info: xx sweet"]);
}

#[test]
fn a_script_may_put_its_own_in_the_place_of_a_global() {
    for name in [
        "Map",
        "Date",
        "Uint8Array",
        "TextEncoder",
        "TextDecoder",
        "console",
        "setTimeout",
    ] {
        let run = Script::js(format!(
            "const log = console.log; globalThis.{name} = 'mine'; const seen = {name};\n\
             const others = [typeof Set, typeof Int8Array, typeof DataView];\n\
             export default () => log(seen, {name}, others.join());"
        ))
        .run(1);
        let all = "function,function,function";
        assert_eq!(run.log, [format!("info: mine mine {all}")], "{name}");
    }
}
