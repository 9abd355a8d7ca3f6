//! Finds `await` at the top level of a module, which the parser's record of a module lacks.

use oxc_ast::ast::{
    ArrowFunctionExpression, AwaitExpression, ForOfStatement, Function, FunctionBody, Program,
};
use oxc_ast_visit::{Visit, walk};
use oxc_syntax::scope::ScopeFlags;

/// Whether evaluating the program awaits something.
pub(super) fn at_top_level(program: &Program<'_>) -> bool {
    let mut search = Search { found: false };
    search.visit_program(program);
    search.found
}

struct Search {
    found: bool,
}

impl<'a> Visit<'a> for Search {
    fn visit_await_expression(&mut self, _: &AwaitExpression<'a>) {
        self.found = true;
    }

    fn visit_for_of_statement(&mut self, statement: &ForOfStatement<'a>) {
        self.found |= statement.r#await;
        walk::walk_for_of_statement(self, statement);
    }

    // What a function awaits is its own business.
    fn visit_function(&mut self, _: &Function<'a>, _: ScopeFlags) {}
    fn visit_arrow_function_expression(&mut self, _: &ArrowFunctionExpression<'a>) {}
    fn visit_function_body(&mut self, _: &FunctionBody<'a>) {}
}
