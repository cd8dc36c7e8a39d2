package io.infernet.inference.torchscript;

import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the source text of a TorchScript archive for what a model that computes has no need of, and
 * refuses it by name: operators that touch files, processes, threads or settings of the library,
 * that give memory nobody has written to, or that skip checks; and all operators outside {@code
 * aten} and {@code prim}. Stateless.
 *
 * <p>Implementation notes. Words are looked for in the whole text, in strings and comments too, so
 * that no difference between this reader and libtorch's about where those end can hide a word. That
 * refuses a harmless model with a parameter called {@code save}; so be it.
 */
final class SourceChecker {

  /**
   * Operators of {@code aten} that a model could misuse; the names are those of libtorch's {@code
   * native_functions.yaml} and {@code register_prim_ops.cpp}.
   */
  private static final Set<String> REFUSED_WORDS =
      Set.of(
          // files
          "from_file",
          "save",
          "_save_parameter",
          "_load_for_lite_interpreter",
          // threads, processes, other machines
          "fork",
          "rpc_async",
          "rpc_sync",
          "rpc_remote",
          "rref",
          "RRef",
          "distributed",
          // settings of the library
          "manual_seed",
          "set_num_threads",
          "set_grad_enabled",
          "set_deterministic",
          // memory that nobody has written to
          "empty",
          "empty_like",
          "empty_strided",
          "empty_permuted",
          "new_empty",
          "new_empty_strided",
          "resize_",
          "resize_as_",
          "resize",
          // storage and pointers
          "set_",
          "set_data",
          "data_ptr",
          "untyped_storage",
          "from_blob",
          "record_stream");

  /** Words that begin so leave out checks or belong to the library's own plumbing. */
  private static final Pattern REFUSED_BEGINNINGS =
      Pattern.compile(
          "_unsafe_\\w*|_index_put_impl_\\w*|_resize_\\w*|_empty_\\w*|_test_\\w*|_cuda_\\w*|_record_function_\\w*|_nested_\\w*|_sparse_\\w*|_to_cpu|_debug_\\w*|_fw_primal\\w*|_make_\\w*|_reinterpret_\\w*|_dimI|_dimV|_values|_indices|_coalesced_|_local_scalar_dense|_foreach_\\w*|_fused_\\w*|_amp_\\w*|_use_\\w*|_cudnn_\\w*|_mkldnn_\\w*|_mps_\\w*|_weight_int\\w*");

  /** Operators of {@code prim} that the serializer writes. */
  private static final Set<String> PRIM =
      Set.of(
          "NumToTensor",
          "data",
          "device",
          "dtype",
          "is_cpu",
          "is_cuda",
          "is_mkldnn",
          "is_nested",
          "is_quantized",
          "is_sparse",
          "itemsize",
          "layout",
          "max",
          "min",
          "RaiseException",
          "requires_grad",
          "shape",
          "TupleIndex",
          "TupleUnpack",
          "unchecked_cast",
          "unchecked_unwrap_optional",
          "Uninitialized");

  private static final Pattern WORD = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern OPERATOR = Pattern.compile("ops\\.(\\w+)\\.(\\w+)\\(");

  private SourceChecker() {}

  /**
   * Checks one file.
   *
   * @param name of the file, for errors
   * @throws DamagedModelException when it is no plain text
   * @throws UnsupportedModelException when something in it is refused
   */
  static void check(String source, String name) {
    for (int i = 0; i < source.length(); i++) {
      char c = source.charAt(i);
      if ((c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c > 0x7e) {
        throw new DamagedModelException(name + " is no plain text");
      }
    }
    if (source.contains("torch.classes")) {
      throw refused(name, "the classes of libtorch itself (torch.classes)");
    }
    Matcher words = WORD.matcher(source);
    while (words.find()) {
      String word = words.group();
      if (REFUSED_WORDS.contains(word) || REFUSED_BEGINNINGS.matcher(word).matches()) {
        throw refused(name, word);
      }
      if (word.equals("ops")) {
        operator(source, words.start(), name);
      } else if (word.equals("getattr")) {
        attribute(source, words.start(), name);
      }
    }
    SourceDepth.check(source, name);
  }

  private static void operator(String source, int at, String name) {
    Matcher operator = OPERATOR.matcher(source).region(at, source.length());
    if (!operator.lookingAt()) {
      throw refused(name, "operators in another form than the serializer's");
    }
    String space = operator.group(1);
    boolean known =
        space.equals("aten") || (space.equals("prim") && PRIM.contains(operator.group(2)));
    if (!known) {
      throw refused(name, "the operator %s.%s".formatted(space, operator.group(2)));
    }
  }

  /** A name in quotes must stand there as it is, or a word could be hidden from this reader. */
  private static void attribute(String source, int at, String name) {
    int end = source.indexOf('\n', at);
    if (source.substring(at, end < 0 ? source.length() : end).contains("\\")) {
      throw refused(name, "getattr with a name that is written in another form");
    }
  }

  private static UnsupportedModelException refused(String name, String thing) {
    return new UnsupportedModelException(
        "%s uses %s, which models here may not".formatted(name, thing));
  }
}
