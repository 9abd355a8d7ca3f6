//! TypeScript: what is left of it, and that places lead back to it.

use crate::project::{Project, engine_place_of, from_text, place_of};
use brunt_script::{ErrorKind, Kind};

/// Strips a text and checks that places in the JavaScript lead back to the same words.
fn stripped(code: &str, words: &[&str]) -> String {
    let (loader, source) = from_text(code).unwrap_or_else(|error| panic!("{code}\n{error}"));
    for word in words {
        let (line, column) = engine_place_of(&source.code, word);
        let place = loader.map(source.specifier.as_str(), line, column);
        assert_eq!(
            (place.line, place.column),
            place_of(code, word),
            "{word} in {}",
            source.code
        );
        let excerpt = loader.excerpt(&place).expect("an excerpt");
        assert!(excerpt.contains(word), "{excerpt}");
    }
    // Stripping its result again would fail if there were types left.
    let project = Project::new(&[("again.js", &source.code)]);
    project
        .loader("again.js")
        .preload()
        .unwrap_or_else(|error| panic!("{}\n{error}", source.code));
    source.code.to_string()
}

#[test]
fn types_are_dropped() {
    let table = [
        "interface A { b: string }\nfunction marker<T extends A>(x?: T, ...y: number[]): x is T { return marker2(x!) }",
        "type A<T> = T extends string ? 1 : 2;\n\nconst b = { a: 1 } satisfies A<any>; marker(b as unknown as number); marker2",
        "abstract class A<T> implements B {\n  abstract get area(): number;\n  protected marker(this: A<T>): void { marker2() }\n  private readonly x?: string;\n  override y = 1;\n  declare z: string;\n}",
        "function f(a: string): string;\nfunction f(a: number): string;\nfunction f(a: unknown) { return marker(a as string) + marker2 }",
        "let maybe!: string;\nconst t: [string, number?] = marker(['t']); export { type T, t }; type T = 1; const marker2 = 1;",
        "export const f = async <T,>(a: T): Promise<T> => await marker<T>(a); declare const d: number; declare module 'x' {} marker2",
    ];
    for code in table {
        let code = stripped(code, &["marker", "marker2"]);
        for gone in [
            "interface",
            "abstract",
            "satisfies",
            "declare",
            "implements",
            " as ",
            "?:",
            "!:",
        ] {
            assert!(!code.contains(gone), "{gone} in {code}");
        }
    }
}

#[test]
fn enums_namespaces_and_parameter_properties_become_code() {
    let code = stripped(
        "export enum Colour {\n  Red = 1,\n  Green,\n  Blue = Green * 4,\n}\nmarker(Colour.Blue)",
        &["marker"],
    );
    assert!(
        code.contains("Colour[Colour[\"Red\"] = 1] = \"Red\""),
        "{code}"
    );
    assert!(code.contains("= 8"), "{code}");
    let code = stripped(
        "namespace Hidden {\n  export const inside = marker();\n}\nf(Hidden.inside)",
        &["marker", "f(Hidden"],
    );
    assert!(code.contains("Hidden.inside = "), "{code}");
    let code = stripped(
        "class A {\n  constructor(public readonly side: number, private label = 'a') { marker() }\n}",
        &["marker"],
    );
    assert!(code.contains("this.side = side"), "{code}");
    assert!(code.contains("this.label = label"), "{code}");
}

#[test]
fn imports_of_types_are_dropped() {
    let project = Project::new(&[
        (
            "main.ts",
            "import type { A } from './gone.ts';\nimport { b, type C } from './b.ts';\nimport { OnlyType } from './gone-too.ts';\nlet x: OnlyType;\nexport const c: C = b as A;",
        ),
        (
            "b.ts",
            "export const b: number = 1; export type C = number;",
        ),
    ]);
    let loader = project.loader("main.ts");
    let source = loader.load(loader.entry()).expect("loads");
    assert!(!source.code.contains("gone"), "{}", source.code);
    assert_eq!(source.exports, ["c"]);
}

#[test]
fn newest_syntax_is_left_to_the_engine() {
    let code = stripped(
        "class A {\n  #x = 1;\n  static { f?.(a ?? b) }\n  y: number;\n}\na ||= b ** c; const d: bigint = 1n;",
        &[],
    );
    for kept in ["#x = 1", "static {", "f?.(a ?? b)", "y;", "||=", "**", "1n"] {
        assert!(code.contains(kept), "{kept} in {code}");
    }
    let code = stripped("@decorated class A { @inner m(): void {} }", &[]);
    assert!(
        code.contains("@decorated") && code.contains("@inner"),
        "{code}"
    );
}

#[test]
fn typescript_that_is_javascript_is_untouched() {
    let code = "// a comment\nexport const a  =  1 ;\n";
    let project = Project::new(&[("main.ts", code)]);
    let loader = project.loader("main.ts");
    assert_eq!(&*loader.load(loader.entry()).expect("loads").code, code);
}

#[test]
fn typescript_can_be_commonjs() {
    let (_, source) = from_text("const a: number = 1;\nmodule.exports = { a };").expect("loads");
    assert_eq!(source.kind, Kind::CommonJs);
    assert_eq!(source.exports, ["a", "default"]);
}

#[test]
fn a_missing_module_is_shown_in_the_typescript() {
    let code = "type A = 1;\n\n\nexport { b } from './gone.ts'; const x: A = 1;\n";
    let project = Project::new(&[("main.ts", code)]);
    let error = project.loader("main.ts").preload().expect_err("missing");
    let position = error.position.expect("a position");
    assert_eq!(
        (position.line, position.column),
        place_of(code, "'./gone.ts'")
    );
}

#[test]
fn types_in_javascript_are_a_mistake_with_advice() {
    let project = Project::new(&[("main.js", "export const a: number = 1;")]);
    let error = project.loader("main.js").preload().expect_err("a mistake");
    assert_eq!(error.kind, ErrorKind::Syntax);
    assert!(error.help.expect("help").contains(".ts"));
    let position = error.position.expect("a position");
    assert_eq!((position.line, position.column), (1, 14));
}

#[test]
fn mistakes_in_typescript_are_shown() {
    let code = "interface A {}\nfunction f(): A {\n  return {;\n}\n";
    let project = Project::new(&[("main.ts", code)]);
    let error = project.loader("main.ts").preload().expect_err("a mistake");
    assert_eq!(error.position.expect("a position").line, 3);
    assert!(error.excerpt.expect("an excerpt").contains("return {;"));
}
