//! The `ralf` program.

use std::process::ExitCode;

/// It gives back what learning at the start took; the system's own allocator keeps it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ralf::cli::main()
}
