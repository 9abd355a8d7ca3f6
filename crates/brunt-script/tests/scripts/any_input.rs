//! No input is too strange.

use crate::project::from_text;
use proptest::prelude::*;

/// Pieces of scripts, so that many combinations parse.
fn fragment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "import a from 'k6';",
        "import * as b from 'k6/http';",
        "export ",
        "default ",
        "function f",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "=>",
        "class A ",
        "extends B ",
        "enum E ",
        "namespace N ",
        "a",
        " b ",
        ": number",
        "<T>",
        " as const",
        "?",
        "!",
        "=",
        "1",
        "'s'",
        "`t${",
        "}`",
        "/re/",
        "await ",
        "async ",
        "\n",
        ";",
        ",",
        ".",
        "...",
        "@d ",
        "constructor(private x: T) ",
        "type A = ",
        "interface I ",
        "declare ",
        "abstract ",
        "#x",
        "static ",
        "exports.a = ",
        "module.exports = ",
        "//# sourceMappingURL=data:,",
        "/*",
        "*/",
        "//",
        "\u{2028}",
        "ä😀",
        "for (",
        "const ",
        "using ",
        "import.meta",
        "import(",
        "yield ",
        "new.target",
        "super",
        "import x = require('a');",
        "export = a;",
        "export * as ns from 'k6';",
        "<!--",
        "-->",
        "#!",
        "\\u0061",
        "0x",
        "1n",
        "satisfies T",
        "keyof ",
    ])
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_text(bytes);
    }

    #[test]
    fn arbitrary_pieces_of_scripts_do_not_panic(
        pieces in prop::collection::vec(fragment(), 0..20),
        line in 0_u32..10,
        column in 0_u32..100,
    ) {
        let code = pieces.concat();
        match from_text(code.clone()) {
            Ok((loader, source)) => {
                let place = loader.map(source.specifier.as_str(), line, column);
                let _ = loader.excerpt(&place);
            }
            Err(error) => {
                prop_assert_ne!(error.kind, brunt_script::ErrorKind::Internal, "{}: {}", code, error);
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
