# The lit suite: every .mlir below this folder, and the models in dsl/. Tools come from the build folder, then LLVM's.
import os
import shutil

import lit.formats

config.name = "sinter"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".cpp", ".test"]
config.excludes = ["Inputs", "mutants", "mutation", "runtime", "reference-data", "bench", "radv_stats.cpp",
                   "engine_test.cpp"]
config.test_source_root = os.path.dirname(__file__)
build = os.path.abspath(lit_config.params.get("build", os.path.join(config.test_source_root, "..", "build")))
config.test_exec_root = os.path.join(build, "test", "lit")
config.environment["PATH"] = os.pathsep.join(
    [os.path.join(build, "bin"), "/usr/lib/llvm-22/bin", os.environ["PATH"]])
for name in ("CCACHE_DIR", "HOME", "CXX", "TMPDIR"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
config.substitutions.append(("%examples", os.path.join(config.test_source_root, "..", "examples")))
config.substitutions.append(("%build", build))

# Whatever runs on Vulkan runs under the validation layer with its checks of synchronisation, and our own check of
# hazards: one message, and the run fails. What drivers compile is kept in the build folder, between runs of the tests.
config.environment["SINTER_VULKAN_VALIDATE"] = "1"
# A test runs its shaders for milliseconds, and llvmpipe's optimiser would take much of the suite's time: what it does
# is in the tests of Vulkan's runtime and in `make bench`.
config.environment["GALLIVM_PERF"] = "nopt"
for name in ("XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR"):
    config.environment[name] = os.path.join(build, "test", "cache")

# The editor's extension is JavaScript.
if shutil.which("node"):
    config.available_features.add("node")

# What students chose comes with an R package, which .ci/setup unpacks.
cems = os.path.join(build, "r-cran-bradleyterry2", "usr", "lib", "R", "site-library", "BradleyTerry2", "data")
if os.path.isdir(cems):
    config.available_features.add("cems")
config.substitutions.append(("%cems", cems))

# What this machine's processor has, as far as a test may ask for it.
with open("/proc/cpuinfo") as cpuinfo:
    flags = set(next((line.split(":")[1] for line in cpuinfo if line.startswith("flags")), "").split())
if {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags:
    config.available_features.add("avx512")
    if {"avx512_bf16", "avx512_vnni"} <= flags:
        config.available_features.add("avx512bf16")
