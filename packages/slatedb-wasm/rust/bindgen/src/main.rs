//! Makes the module and its JavaScript side from the output of rustc: `slatedb-wasm-bindgen <in.wasm> <out dir>`.
//!
//! Does the same as the `wasm-bindgen` command. Its version is locked together with the library it must match.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, out_dir] = arguments.as_slice() else {
        eprintln!("usage: slatedb-wasm-bindgen <input.wasm> <output directory>");
        return ExitCode::from(2);
    };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    let result = bindgen
        .input_path(input)
        .out_name("slatedb")
        .web(true)
        .map(|bindgen| {
            bindgen
                .typescript(true)
                .omit_default_module_path(true)
                .remove_name_section(std::env::var_os("KEEP_NAMES").is_none())
                .remove_producers_section(true)
        })
        .and_then(|bindgen| bindgen.generate(out_dir));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("slatedb-wasm-bindgen: {error:?}");
            ExitCode::FAILURE
        }
    }
}
