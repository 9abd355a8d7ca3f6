//! TypeScript to JavaScript: types are dropped; enums, namespaces and parameter properties become
//! code. No type is checked and no newer syntax is lowered, because the engine has it.

use std::path::Path;

use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_sourcemap::SourceMap;
use oxc_span::SourceType;
use oxc_transformer::{EnvOptions, TransformOptions, Transformer};

use crate::analysis::{Mistake, first_mistake};

/// JavaScript made of TypeScript.
#[derive(Debug)]
pub(crate) struct Stripped {
    pub(crate) code: String,
    /// From `code` to the TypeScript.
    pub(crate) map: Option<SourceMap<'static>>,
}

/// Strips TypeScript.
pub(crate) fn strip(code: &str) -> Result<Stripped, Mistake> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, SourceType::ts()).parse();
    if let Some(mistake) = first_mistake(&parsed.diagnostics) {
        return Err(mistake);
    }
    let mut program = parsed.program;
    let semantic = SemanticBuilder::new()
        .with_enum_eval(true)
        .with_excess_capacity(1.0);
    let scoping = semantic.build(&program).semantic.into_scoping();
    // The path is for messages and the map only; ours come from the caller.
    let path = Path::new("script.ts");
    let options = TransformOptions {
        env: newest_syntax()?,
        ..TransformOptions::default()
    };
    let transformed =
        Transformer::new(&allocator, path, &options).build_with_scoping(scoping, &mut program);
    if let Some(mistake) = first_mistake(&transformed.diagnostics) {
        return Err(mistake);
    }
    let options = CodegenOptions {
        source_map_path: Some(path.to_path_buf()),
        comments: CommentOptions::disabled(),
        ..CodegenOptions::default()
    };
    let printed = Codegen::new().with_options(options).build(&program);
    Ok(Stripped {
        code: printed.code,
        map: printed.map.map(SourceMap::into_owned),
    })
}

fn newest_syntax() -> Result<EnvOptions, Mistake> {
    EnvOptions::from_target("esnext").map_err(|message| Mistake {
        message,
        offset: 0,
        help: None,
    })
}

/// Whether text that is no JavaScript would be TypeScript.
pub(crate) fn is_typescript(code: &str) -> bool {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, SourceType::ts()).parse();
    first_mistake(&parsed.diagnostics).is_none()
}
