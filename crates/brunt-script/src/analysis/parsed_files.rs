//! Finds `JSON.parse(open(…))`: nobody but the parser sees the file's text there, so a host may
//! read the file in pieces instead of making a string of all of it.
//!
//! The `open` in such a call is given another name, [`OPEN_TO_PARSE`], of the same length, so that
//! every place in the code stays where it was. A pattern in the text would not do: `open` and `JSON`
//! may be names of the script's own, in which case nothing is renamed.

use std::sync::Arc;

use oxc_ast::ast::{Argument, BindingIdentifier, CallExpression, Expression, Program};
use oxc_ast_visit::{Visit, walk};

/// What `open` is called where its result goes to `JSON.parse` and nowhere else. A host must make
/// it a global; it takes one argument, and what it gives may be anything that this host's
/// `JSON.parse` understands.
pub const OPEN_TO_PARSE: &str = "ɵpn";

const OPEN: &str = "open";
const _: () = assert!(OPEN.len() == OPEN_TO_PARSE.len());

/// The byte offsets of `open` in calls of this form.
pub(super) fn find(program: &Program<'_>) -> Vec<usize> {
    let mut search = Search::default();
    search.visit_program(program);
    if search.own_names {
        Vec::new()
    } else {
        search.found
    }
}

/// The code with the other name at these offsets.
pub(crate) fn rename(code: &Arc<str>, offsets: &[usize]) -> Arc<str> {
    if offsets.is_empty() {
        return Arc::clone(code);
    }
    let mut renamed = code.to_string();
    for at in offsets {
        if renamed.get(*at..at + OPEN.len()) == Some(OPEN) {
            renamed.replace_range(*at..at + OPEN.len(), OPEN_TO_PARSE);
        }
    }
    Arc::from(renamed)
}

#[derive(Default)]
struct Search {
    found: Vec<usize>,
    /// The script gives one of the names a meaning of its own, somewhere.
    own_names: bool,
}

impl<'a> Visit<'a> for Search {
    fn visit_binding_identifier(&mut self, name: &BindingIdentifier<'a>) {
        self.own_names |= name.name == OPEN || name.name == "JSON";
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        self.found.extend(opened_in(call));
        walk::walk_call_expression(self, call);
    }
}

fn opened_in(call: &CallExpression<'_>) -> Option<usize> {
    let Expression::StaticMemberExpression(callee) = &call.callee else {
        return None;
    };
    let Expression::Identifier(object) = &callee.object else {
        return None;
    };
    let plain = !call.optional && !callee.optional;
    if !plain || object.name != "JSON" || callee.property.name != "parse" {
        return None;
    }
    let [Argument::CallExpression(inner)] = call.arguments.as_slice() else {
        return None;
    };
    let Expression::Identifier(opener) = &inner.callee else {
        return None;
    };
    let one = inner.arguments.len() == 1 && !inner.arguments[0].is_spread();
    (one && !inner.optional && opener.name == OPEN).then_some(opener.span.start as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::analyse;

    fn renamed(code: &str) -> String {
        let facts = analyse(code).expect(code);
        rename(&Arc::from(code), &facts.parsed_files).to_string()
    }

    #[test]
    fn only_what_goes_to_the_parser_alone_is_renamed() {
        let given = "import 'k6'; const a = () => JSON.parse( open('a.json') ).b;\n\
                     const c = JSON.parse(open(`${a}.json`)), d = open('d');";
        let wanted = given.replacen("open", OPEN_TO_PARSE, 2);
        assert_eq!(renamed(given), wanted);
        assert_eq!(wanted.len(), given.len());
        for same in [
            "JSON.parse(open('a'), reviver)",
            "JSON.parse(open('a', 'b'))",
            "JSON.parse(open(...a))",
            "JSON.parse(open('a').trim())",
            "JSON?.parse(open('a'))",
            "JSON.parse(fs.open('a'))",
            "JSON.parse?.(open('a'))",
            "'JSON.parse(open(1))'",
            "import open from './open.js'; JSON.parse(open('a'))",
            "const f = (open) => JSON.parse(open('a'))",
            "function f() { const { JSON } = g; return JSON.parse(open('a')); }",
            "const a = JSON.parse(open('a')); function open() {}",
        ] {
            assert_eq!(renamed(same), same);
        }
    }
}
