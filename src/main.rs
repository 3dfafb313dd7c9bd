//! The `ralf` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ralf::cli::main()
}
