//! Guesses which names a CommonJS module exports, for `export * from` it and for its facade: by the
//! assignments that people and compilers write. What an importer asks for is added elsewhere, so
//! a missed name matters little.

use oxc_ast::ast::{
    Argument, AssignmentExpression, CallExpression, Expression, ObjectExpression,
    ObjectPropertyKind, Program,
};
use oxc_ast_visit::{Visit, walk};

/// More names than this are not collected; modules with thousands are generated data.
const MOST: usize = 10_000;

/// Names in the order of the text, each once, without `default`.
pub(super) fn export_names(program: &Program<'_>) -> Vec<String> {
    let mut search = Search { names: Vec::new() };
    search.visit_program(program);
    let mut seen = rustc_hash::FxHashSet::default();
    search
        .names
        .retain(|name| name != "default" && seen.insert(name.clone()));
    search.names
}

struct Search {
    names: Vec<String>,
}

impl Search {
    fn keep(&mut self, name: &str) {
        if self.names.len() < MOST {
            self.names.push(name.to_owned());
        }
    }

    fn keep_keys(&mut self, object: &ObjectExpression<'_>) {
        for property in &object.properties {
            if let ObjectPropertyKind::ObjectProperty(property) = property
                && let Some(name) = property.key.static_name()
            {
                self.keep(&name);
            }
        }
    }
}

impl<'a> Visit<'a> for Search {
    fn visit_assignment_expression(&mut self, assignment: &AssignmentExpression<'a>) {
        if let Some(member) = assignment.left.as_member_expression()
            && let Some(name) = member.static_property_name()
        {
            if is_exports(member.object()) {
                self.keep(name);
            } else if name == "exports"
                && is_name(member.object(), "module")
                && let Expression::ObjectExpression(object) = &assignment.right
            {
                self.keep_keys(object);
            }
        }
        walk::walk_assignment_expression(self, assignment);
    }

    /// `Object.defineProperty(exports, "name", …)`, as compilers write it.
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Some(callee) = call.callee.as_member_expression()
            && callee.static_property_name() == Some("defineProperty")
            && let [target, Argument::StringLiteral(name), ..] = call.arguments.as_slice()
            && target.as_expression().is_some_and(is_exports)
            && name.value != "__esModule"
        {
            self.keep(&name.value);
        }
        walk::walk_call_expression(self, call);
    }
}

/// `exports` or `module.exports`.
fn is_exports(expression: &Expression<'_>) -> bool {
    if is_name(expression, "exports") {
        return true;
    }
    let member = expression.as_member_expression();
    member.is_some_and(|member| {
        member.static_property_name() == Some("exports") && is_name(member.object(), "module")
    })
}

fn is_name(expression: &Expression<'_>, name: &str) -> bool {
    matches!(expression, Expression::Identifier(identifier) if identifier.name == name)
}

#[cfg(test)]
mod tests {
    use crate::analysis::analyse;

    fn names(code: &str) -> Vec<String> {
        analyse(code).expect(code).exports
    }

    #[test]
    fn usual_ways_to_export_are_found() {
        let table = [
            ("exports.a = 1; exports['b'] = exports.c = 2", "a,b,c"),
            ("module.exports.a = 1; module['exports'].b = 2", "a,b"),
            (
                "module.exports = { a, 'b': 1, c() {}, ['d']: 2, ...e }",
                "a,b,c,d",
            ),
            ("Object.defineProperty(exports, 'a', { get })", "a"),
            (
                "Object.defineProperty(exports, '__esModule', { value: true }); exports.a = 1",
                "a",
            ),
            ("(function (m) { exports.inner = m })()", "inner"),
            (
                "exports.a = void 0; exports.a = 1; exports.default = 2",
                "a",
            ),
            (
                "module.exports = function f() {}; other.exports.a = 1; exports[b] = 1",
                "",
            ),
            ("0 && (module.exports = { a, b });", "a,b"),
        ];
        for (code, expected) in table {
            assert_eq!(names(code).join(","), expected, "{code}");
        }
    }
}
