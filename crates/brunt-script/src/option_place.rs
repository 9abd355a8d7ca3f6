//! Where in its source a script writes an option, so that an error can point there.
//!
//! Asked only when an option is wrong: the text is parsed once more, and the literal that is exported
//! as `options` is followed as deep as the path goes. What is computed has no place; then the place
//! of what holds it is told.

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    AssignmentTarget, BindingPattern, Declaration, Expression, ObjectExpression,
    ObjectPropertyKind, Program, Statement, VariableDeclaration,
};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType};

use crate::nesting::with_stack_for;
use crate::text::Text;

/// Names that stand for other names are followed so often at most, because they may go in circles.
const MOST_NAMES: usize = 8;

/// The byte offset at which JavaScript writes the option of this path, such as
/// `scenarios.buy.stages[0].target`.
pub(crate) fn in_script(code: &str, path: &str) -> Option<usize> {
    with_stack_for(code, || {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, code, SourceType::unambiguous()).parse();
        let (start, value) = exported_options(&parsed.program)?;
        Some(Search::new(&parsed.program).follow(start, value, path))
    })
    .ok()
    .flatten()
}

/// Line and column, from 1 and in characters, at which a JSON text writes the option of this path.
pub fn place_in_json(text: &str, path: &str) -> Option<(u32, u32)> {
    // A JSON text is an expression of JavaScript.
    let code = format!("({text}\n)");
    let offset = with_stack_for(&code, || {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, &code, SourceType::cjs()).parse();
        let Some(Statement::ExpressionStatement(statement)) = parsed.program.body.first() else {
            return None;
        };
        let value = statement.expression.get_inner_expression();
        let start = value.span().start as usize;
        Some(Search::new(&parsed.program).follow(start, value, path))
    });
    let offset = offset.ok().flatten()?.checked_sub(1)?;
    Some(Text::new(text.into()).place(offset))
}

/// Where the options are exported, and their value.
fn exported_options<'a>(program: &'a Program<'a>) -> Option<(usize, &'a Expression<'a>)> {
    if let Some(found) = variable(program, "options") {
        return Some(found);
    }
    program.body.iter().find_map(|statement| {
        let Statement::ExpressionStatement(statement) = statement else {
            return None;
        };
        let Expression::AssignmentExpression(assignment) = &statement.expression else {
            return None;
        };
        let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else {
            return None;
        };
        let of_exports = match target.object.get_inner_expression() {
            Expression::Identifier(name) => name.name == "exports",
            Expression::StaticMemberExpression(member) => member.property.name == "exports",
            _ => false,
        };
        let found = of_exports && target.property.name == "options";
        found.then(|| (target.property.span.start as usize, &assignment.right))
    })
}

/// A variable of the top level, and what it starts as.
fn variable<'a>(program: &'a Program<'a>, name: &str) -> Option<(usize, &'a Expression<'a>)> {
    let of = |declaration: &'a VariableDeclaration<'a>| {
        declaration.declarations.iter().find_map(|one| {
            let BindingPattern::BindingIdentifier(own) = &one.id else {
                return None;
            };
            let value = one.init.as_ref().filter(|_| own.name == name)?;
            Some((own.span.start as usize, value))
        })
    };
    program.body.iter().find_map(|statement| match statement {
        Statement::VariableDeclaration(declaration) => of(declaration),
        Statement::ExportDeclaration(export) => match &export.declaration {
            Declaration::VariableDeclaration(declaration) => of(declaration),
            _ => None,
        },
        _ => None,
    })
}

struct Search<'a> {
    program: &'a Program<'a>,
    names: usize,
}

impl<'a> Search<'a> {
    fn new(program: &'a Program<'a>) -> Self {
        Self { program, names: 0 }
    }

    /// The offset of what the path leads to inside a value that starts at `place`.
    fn follow(mut self, mut place: usize, value: &'a Expression<'a>, path: &str) -> usize {
        let mut value = value;
        let mut path = path;
        loop {
            match value.get_inner_expression() {
                Expression::Identifier(name) if self.names < MOST_NAMES => {
                    self.names += 1;
                    let Some((_, meant)) = variable(self.program, &name.name) else {
                        return place;
                    };
                    value = meant;
                }
                Expression::ObjectExpression(object) => {
                    let Some((start, member, rest)) = member(object, path) else {
                        return place;
                    };
                    (place, value, path) = (start, member, rest);
                }
                Expression::ArrayExpression(array) => {
                    let step = path.strip_prefix('[').and_then(|rest| rest.split_once(']'));
                    let element = step.and_then(|(index, rest)| {
                        let element = array.elements.get(index.parse::<usize>().ok()?)?;
                        Some((element.as_expression()?, rest))
                    });
                    let Some((element, rest)) = element else {
                        return place;
                    };
                    (place, value, path) = (element.span().start as usize, element, rest);
                }
                _ => return place,
            }
        }
    }
}

/// The member that the path begins with: where its key is, its value, and the rest of the path. Keys
/// may hold dots, so the longest one that fits is meant.
fn member<'a, 'p>(
    object: &'a ObjectExpression<'a>,
    path: &'p str,
) -> Option<(usize, &'a Expression<'a>, &'p str)> {
    let path = path.strip_prefix('.').unwrap_or(path);
    let members = object.properties.iter().filter_map(|property| {
        let ObjectPropertyKind::ObjectProperty(property) = property else {
            return None;
        };
        let key = property.key.static_name()?;
        let rest = path.strip_prefix(&*key)?;
        let ends = rest.is_empty() || rest.starts_with(['.', '[']);
        let found = ends && !key.is_empty();
        found.then(|| {
            let start = property.key.span().start as usize;
            (key.len(), (start, &property.value, rest))
        })
    });
    // Of equal keys the last one counts, in JavaScript and in JSON.
    members.max_by_key(|(length, _)| *length).map(|(_, it)| it)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(code: &str, path: &str) -> Option<String> {
        let offset = in_script(code, path)?;
        let end = code[offset..].find([':', ',', '=', ' ', '}', '\n'])?;
        Some(code[offset..offset + end].to_owned())
    }

    #[test]
    fn the_deepest_known_part_of_the_path_is_found() {
        let code = "import http from 'k6/http';\nconst load = { executor: 'x', stages: [{ duration: 1 }] };
            export const options = { vus: 0, hosts: { 'a.b': 'x', a: {} }, 'tags': f(),
              scenarios: { buy: load, sell: { ...load, vus: 3 } }, thresholds };
            export default function () {}";
        for (path, found) in [
            ("vus", "vus"),
            ("hosts.a.b", "'a.b'"),
            ("hosts.a.c", "a"),
            ("tags.x", "'tags'"),
            ("scenarios.buy.stages[0].duration", "duration"),
            ("scenarios.buy.stages[3].duration", "stages"),
            ("scenarios.sell.executor", "sell"),
            ("thresholds.checks", "thresholds"),
            ("iterations", "options"),
        ] {
            assert_eq!(script(code, path).as_deref(), Some(found), "{path}");
        }
    }

    #[test]
    fn options_are_found_however_they_are_exported() {
        for code in [
            "export let options = { vus: 'x' }",
            "const options = { vus: 'x' }; export { options };",
            "exports.options = { vus: 'x' };",
            "module.exports.options = { vus: 'x' };",
        ] {
            assert_eq!(script(code, "vus").as_deref(), Some("vus"), "{code}");
        }
        for code in [
            "export { options } from './o.js'",
            "const a = a; let x = a;",
            "(",
        ] {
            assert_eq!(script(code, "vus"), None, "{code}");
        }
        let circle = "const a = b; const b = a; export const options = a;";
        assert_eq!(script(circle, "vus").as_deref(), Some("options"));
    }

    #[test]
    fn places_in_json_are_counted_in_the_users_text() {
        let text = "{ \"vus\": 1,\n  \"tags\": { \"ä\": 1, \"b\": [1, 2] } }";
        assert_eq!(place_in_json(text, "vus"), Some((1, 3)));
        assert_eq!(place_in_json(text, "tags.b[1]"), Some((2, 30)));
        assert_eq!(place_in_json(text, "options"), Some((1, 1)));
        assert_eq!(place_in_json("{ nothing", "vus"), None);
        assert_eq!(place_in_json("", "vus"), None);
    }
}
