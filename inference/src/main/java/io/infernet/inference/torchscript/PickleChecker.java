package io.infernet.inference.torchscript;

import static java.util.Objects.requireNonNull;

import io.infernet.inference.checkpoint.DamagedModelException;
import io.infernet.inference.checkpoint.UnsupportedModelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Walks through a pickle of a TorchScript archive and refuses everything that such an archive does
 * not need, by name: globals beyond a short list, calls of anything else than these, tensors that
 * reach beyond their storage, and structures that contain themselves. Nothing is created but a
 * small description of the values. Stateless; one walk is confined to one thread.
 *
 * <p>Implementation notes. The operations are those that libtorch writes (its {@code
 * torch/csrc/jit/serialization/pickler.cpp}) and reads ({@code unpickler.cpp}); their meaning is
 * CPython's {@code Lib/pickle.py}. libtorch's reader calls no Python, so what matters is memory: it
 * takes a tensor's sizes, strides and offset from the pickle as they are, and a tensor that reaches
 * beyond its storage reads, or writes, the memory of the process. A container can be filled only
 * until it becomes part of another value, so that no value can come to contain itself.
 */
final class PickleChecker {

  /** Numbers of tensors, by the name of their storage, with the size of one in bytes. */
  private static final Map<String, Integer> STORAGES =
      Map.of(
          "FloatStorage", 4,
          "DoubleStorage", 8,
          "HalfStorage", 2,
          "BFloat16Storage", 2,
          "LongStorage", 8,
          "IntStorage", 4,
          "ShortStorage", 2,
          "CharStorage", 1,
          "ByteStorage", 1,
          "BoolStorage", 1);

  /** What may be called, beside classes of the archive. */
  private static final Set<String> CALLABLE =
      Set.of(
          "torch._utils _rebuild_tensor_v2",
          "collections OrderedDict",
          "torch.jit._pickle build_intlist",
          "torch.jit._pickle build_tensorlist",
          "torch.jit._pickle build_doublelist",
          "torch.jit._pickle build_boollist",
          "torch.jit._pickle restore_type_tag");

  private static final Pattern CLASS =
      Pattern.compile("__torch__(\\.[A-Za-z_][A-Za-z0-9_]*)* [A-Za-z_][A-Za-z0-9_]*");

  private static final int MAX_DIMENSIONS = 16;
  private static final int MAX_NAME = 1024;

  /** Sizes in bytes of the archive's stored numbers, by name. */
  private final Map<String, Long> stored;

  private final ArchiveLimits limits;

  /**
   * @param stored sizes in bytes of the storages that the pickle may name
   */
  PickleChecker(Map<String, Long> stored, ArchiveLimits limits) {
    this.stored = Map.copyOf(stored);
    this.limits = requireNonNull(limits, "limits is null");
  }

  /** A value, as far as it matters. */
  private static final class Value {
    enum Kind {
      MARK,
      NONE,
      BOOL,
      INT,
      FLOAT,
      TEXT,
      TUPLE,
      LIST,
      DICT,
      GLOBAL,
      STORAGE,
      TENSOR,
      OBJECT
    }

    final Kind kind;
    final int depth;
    final long number;
    final String text;
    final List<Value> parts;

    /** Whether it is part of another value and must stay as it is. */
    boolean placed;

    int innerDepth;

    /** Values in it, those that occur several times counted each time. */
    long count = 1;

    Value(Kind kind, int depth, long number, String text, List<Value> parts) {
      this.kind = kind;
      this.depth = depth;
      this.number = number;
      this.text = text;
      this.parts = parts;
      innerDepth = depth;
    }

    static Value of(Kind kind) {
      return new Value(kind, 1, 0, "", List.of());
    }

    boolean isContainer() {
      return kind == Kind.LIST || kind == Kind.DICT || kind == Kind.OBJECT;
    }
  }

  /**
   * Checks a pickle.
   *
   * @param what names it in errors
   * @throws DamagedModelException when it is malformed or reaches beyond its storages
   * @throws UnsupportedModelException when it holds what has no place in such an archive
   */
  void check(byte[] pickle, String what) {
    if (pickle.length > limits.maxPickleBytes()) {
      throw new DamagedModelException(
          "%s is longer than %d bytes".formatted(what, limits.maxPickleBytes()));
    }
    new Walk(pickle, what).run();
  }

  private final class Walk {
    private final ByteBuffer in;
    private final String what;
    private final List<Value> stack = new ArrayList<>();
    private final Map<Integer, Value> memo = new HashMap<>();

    Walk(byte[] pickle, String what) {
      in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
      this.what = what;
    }

    void run() {
      for (int count = 0; count < limits.maxOperations(); count++) {
        int code = unsigned(1);
        if (code == '.') {
          if (in.hasRemaining() || stack.size() != 1) {
            throw damaged("does not end where it says");
          }
          return;
        }
        step(code);
        if (stack.size() > limits.maxStack()) {
          throw damaged("puts more than %d values on its stack".formatted(limits.maxStack()));
        }
      }
      throw damaged("has more than %d operations".formatted(limits.maxOperations()));
    }

    private void step(int code) {
      switch (code) {
        case 0x80 -> protocol();
        case '(' -> push(Value.of(Value.Kind.MARK));
        case 'N' -> push(Value.of(Value.Kind.NONE));
        case 0x88, 0x89 -> push(Value.of(Value.Kind.BOOL));
        case 'K' -> pushNumber(unsigned(1));
        case 'M' -> pushNumber(unsigned(2));
        case 'J' -> pushNumber((int) little(4));
        case 0x8a -> pushNumber(longNumber());
        case 'G' -> {
          little(8);
          push(Value.of(Value.Kind.FLOAT));
        }
        case 'X' -> push(new Value(Value.Kind.TEXT, 1, 0, text(), List.of()));
        case ')' -> push(new Value(Value.Kind.TUPLE, 1, 0, "", List.of()));
        case ']' -> push(Value.of(Value.Kind.LIST));
        case '}' -> push(Value.of(Value.Kind.DICT));
        case 't' -> push(tuple(popToMark()));
        case 0x85 -> push(tuple(pop(1)));
        case 0x86 -> push(tuple(pop(2)));
        case 0x87 -> push(tuple(pop(3)));
        case 'a' -> fill(Value.Kind.LIST, pop(1), 1);
        case 'e' -> fill(Value.Kind.LIST, popToMark(), 1);
        case 's' -> fill(Value.Kind.DICT, pop(2), 2);
        case 'u' -> fill(Value.Kind.DICT, popToMark(), 2);
        case 'c' -> global();
        case 0x81 -> newObject();
        case 'b' -> fill(Value.Kind.OBJECT, pop(1), 1);
        case 'R' -> call();
        case 'Q' -> push(storage(pop(1).get(0)));
        case 'q' -> remember(unsigned(1));
        case 'r' -> remember((int) little(4));
        case 'h' -> recall(unsigned(1));
        case 'j' -> recall((int) little(4));
        default -> throw unsupported("the operation 0x%02x".formatted(code));
      }
    }

    private void protocol() {
      if (in.position() != 1 || unsigned(1) != 2) {
        throw unsupported("another pickle protocol than 2");
      }
    }

    private void global() {
      String module = line();
      String name = line();
      String full = module + " " + name;
      boolean isStorage = module.equals("torch") && STORAGES.containsKey(name);
      boolean isClass =
          CLASS.matcher(full).matches() && !(module + ".").startsWith("__torch__.torch.classes.");
      if (!CALLABLE.contains(full) && !isStorage && !isClass) {
        throw unsupported("the global " + module + "." + name);
      }
      push(new Value(Value.Kind.GLOBAL, 1, 0, full, List.of()));
    }

    private void newObject() {
      List<Value> parts = pop(2);
      Value type = parts.get(0);
      if (type.kind != Value.Kind.GLOBAL
          || !type.text.startsWith("__torch__")
          || !isEmptyTuple(parts.get(1))) {
        throw unsupported("an object of no class of its own");
      }
      push(Value.of(Value.Kind.OBJECT));
    }

    private void call() {
      List<Value> parts = pop(2);
      Value function = parts.get(0);
      Value arguments = parts.get(1);
      if (function.kind != Value.Kind.GLOBAL
          || !CALLABLE.contains(function.text)
          || arguments.kind != Value.Kind.TUPLE) {
        throw unsupported("a call of something that is no function of TorchScript");
      }
      switch (function.text.substring(function.text.indexOf(' ') + 1)) {
        case "_rebuild_tensor_v2" -> push(tensor(arguments.parts));
        case "OrderedDict" -> {
          if (!arguments.parts.isEmpty()) {
            throw unsupported("a dictionary made of something");
          }
          push(Value.of(Value.Kind.DICT));
        }
        case "restore_type_tag" -> {
          requireKinds(arguments, null, Value.Kind.TEXT);
          if (arguments.parts.get(1).text.length() > MAX_NAME) {
            throw unsupported("a type that is nested too deep");
          }
          Value tagged = arguments.parts.get(0);
          if (tagged.kind != Value.Kind.LIST && tagged.kind != Value.Kind.DICT) {
            throw unsupported("a type for something that is no list or dictionary");
          }
          pushMade(tagged.kind, arguments);
        }
        default -> {
          requireKinds(arguments, Value.Kind.LIST);
          pushMade(Value.Kind.LIST, arguments);
        }
      }
    }

    /** A list or dictionary that stays as it is. */
    private void pushMade(Value.Kind kind, Value arguments) {
      Value made = new Value(kind, arguments.depth, 0, "", List.of());
      made.placed = true;
      made.count = arguments.count;
      push(made);
    }

    private void requireKinds(Value arguments, Value.@Nullable Kind... kinds) {
      boolean fit = arguments.parts.size() == kinds.length;
      for (int i = 0; fit && i < kinds.length; i++) {
        fit = kinds[i] == null || arguments.parts.get(i).kind == kinds[i];
      }
      if (!fit) {
        throw unsupported("a call with other arguments than TorchScript writes");
      }
    }

    /** From ('storage', type, key, device, count). */
    private Value storage(Value id) {
      if (id.kind != Value.Kind.TUPLE || id.parts.size() != 5) {
        throw unsupported("a reference that is no storage");
      }
      Value type = id.parts.get(1);
      Value key = id.parts.get(2);
      Value count = id.parts.get(4);
      if (!isText(id.parts.get(0), "storage")
          || type.kind != Value.Kind.GLOBAL
          || !type.text.startsWith("torch ")
          || key.kind != Value.Kind.TEXT
          || id.parts.get(3).kind != Value.Kind.TEXT
          || count.kind != Value.Kind.INT) {
        throw unsupported("a reference that is no storage");
      }
      int width = STORAGES.get(type.text.substring("torch ".length()));
      Long size = stored.get(key.text);
      if (size == null) {
        throw damaged("names the storage %s, which is not there".formatted(shown(key.text)));
      }
      if (count.number < 0 || count.number != size / width || size % width != 0) {
        throw damaged(
            "says that storage %s has %d numbers of %d bytes where it has %d bytes"
                .formatted(shown(key.text), count.number, width, size));
      }
      return new Value(Value.Kind.STORAGE, 1, count.number, "", List.of());
    }

    /** From (storage, offset, sizes, strides, requires_grad, hooks). */
    private Value tensor(List<Value> parts) {
      if (parts.size() != 6
          || parts.get(0).kind != Value.Kind.STORAGE
          || parts.get(1).kind != Value.Kind.INT
          || parts.get(4).kind != Value.Kind.BOOL
          || parts.get(5).kind != Value.Kind.DICT) {
        throw unsupported("a tensor made of other things than TorchScript writes");
      }
      long[] sizes = numbers(parts.get(2));
      long[] strides = numbers(parts.get(3));
      long last = parts.get(1).number;
      boolean isEmpty = false;
      boolean fits = sizes.length == strides.length && last >= 0;
      try {
        long count = 1;
        for (int i = 0; fits && i < sizes.length; i++) {
          fits = sizes[i] >= 0 && strides[i] >= 0;
          isEmpty |= sizes[i] == 0;
          count = Math.multiplyExact(count, Math.max(1, sizes[i]));
          last = Math.addExact(last, Math.multiplyExact(Math.max(0, sizes[i] - 1), strides[i]));
        }
        // A view with strides of 0 is as large as it says to whoever copies it.
        fits &= isEmpty ? parts.get(1).number <= parts.get(0).number : last < parts.get(0).number;
        fits &= count <= Math.max(1, parts.get(0).number);
      } catch (ArithmeticException e) {
        fits = false;
      }
      if (!fits) {
        throw damaged("has a tensor that reaches beyond its storage, or repeats it");
      }
      return Value.of(Value.Kind.TENSOR);
    }

    private long[] numbers(Value tuple) {
      if (tuple.kind != Value.Kind.TUPLE
          || tuple.parts.size() > MAX_DIMENSIONS
          || tuple.parts.stream().anyMatch(part -> part.kind != Value.Kind.INT)) {
        throw unsupported("a tensor without proper dimensions");
      }
      return tuple.parts.stream().mapToLong(part -> part.number).toArray();
    }

    /** Puts values into the container below them. */
    private void fill(Value.Kind kind, List<Value> values, int group) {
      Value container = top();
      if (container.kind != kind || container.placed) {
        throw unsupported(
            "a change of something that is no new " + kind.name().toLowerCase(Locale.ROOT));
      }
      if (values.size() % group != 0) {
        throw damaged("has a key without a value");
      }
      for (Value value : values) {
        place(value);
        container.innerDepth = Math.max(container.innerDepth, value.innerDepth + 1);
        container.count += value.count;
        checkCount(container.count);
      }
      checkDepth(container.innerDepth);
    }

    private Value tuple(List<Value> parts) {
      int depth = 1;
      long count = 1;
      for (Value part : parts) {
        place(part);
        depth = Math.max(depth, part.innerDepth + 1);
        count += part.count;
        checkCount(count);
      }
      checkDepth(depth);
      Value tuple = new Value(Value.Kind.TUPLE, depth, 0, "", parts);
      tuple.count = count;
      return tuple;
    }

    /** Values that occur again and again are few here, but many to who copies them. */
    private void checkCount(long count) {
      if (count > limits.maxOperations()) {
        throw damaged("unfolds to more than %d values".formatted(limits.maxOperations()));
      }
    }

    private void place(Value value) {
      if (value.kind == Value.Kind.MARK) {
        throw damaged("has a mark in a wrong place");
      }
      value.placed = true;
    }

    private void checkDepth(int depth) {
      if (depth > limits.maxDepth()) {
        throw damaged("is nested more than %d deep".formatted(limits.maxDepth()));
      }
    }

    private void remember(int key) {
      Value value = top();
      if (value.kind == Value.Kind.MARK || memo.size() >= limits.maxMemo() || key < 0) {
        throw damaged("remembers what it cannot or too much");
      }
      memo.put(key, value);
    }

    private void recall(int key) {
      Value value = memo.get(key);
      if (value == null) {
        throw damaged("uses a value that it does not have");
      }
      if (value.isContainer() && !value.placed) {
        throw unsupported("a value that may come to contain itself");
      }
      push(value);
    }

    private boolean isEmptyTuple(Value value) {
      return value.kind == Value.Kind.TUPLE && value.parts.isEmpty();
    }

    private boolean isText(Value value, String text) {
      return value.kind == Value.Kind.TEXT && value.text.equals(text);
    }

    private Value top() {
      if (stack.isEmpty()) {
        throw damaged("takes a value from an empty stack");
      }
      return stack.get(stack.size() - 1);
    }

    private void push(Value value) {
      stack.add(value);
    }

    private void pushNumber(long number) {
      push(new Value(Value.Kind.INT, 1, number, "", List.of()));
    }

    private List<Value> pop(int count) {
      if (stack.size() < count) {
        throw damaged("takes a value from an empty stack");
      }
      List<Value> tail = stack.subList(stack.size() - count, stack.size());
      List<Value> values = List.copyOf(tail);
      tail.clear();
      for (Value value : values) {
        if (value.kind == Value.Kind.MARK) {
          throw damaged("has a mark in a wrong place");
        }
      }
      return values;
    }

    private List<Value> popToMark() {
      int at = stack.size() - 1;
      while (at >= 0 && stack.get(at).kind != Value.Kind.MARK) {
        at--;
      }
      if (at < 0) {
        throw damaged("has no mark where it needs one");
      }
      List<Value> tail = stack.subList(at, stack.size());
      List<Value> values = List.copyOf(tail.subList(1, tail.size()));
      tail.clear();
      return values;
    }

    private long longNumber() {
      int length = unsigned(1);
      if (length > 8) {
        throw damaged("has a number of %d bytes".formatted(length));
      }
      if (length == 0) {
        return 0;
      }
      long value = little(length);
      int shift = 64 - 8 * length;
      return value << shift >> shift;
    }

    private String text() {
      long length = little(4) & 0xffffffffL;
      if (length > in.remaining()) {
        throw damaged("ends in the middle");
      }
      ByteBuffer bytes = in.slice(in.position(), (int) length);
      in.position(in.position() + (int) length);
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
      } catch (CharacterCodingException e) {
        throw damaged("has a text that is no UTF-8");
      }
    }

    /** A name up to the end of its line. */
    private String line() {
      StringBuilder line = new StringBuilder();
      for (int c = unsigned(1); c != '\n'; c = unsigned(1)) {
        if (c < 0x20 || c > 0x7e || line.length() == MAX_NAME) {
          throw damaged("has a name that cannot be");
        }
        line.append((char) c);
      }
      return line.toString();
    }

    private int unsigned(int bytes) {
      return (int) little(bytes);
    }

    private long little(int bytes) {
      if (in.remaining() < bytes) {
        throw damaged("ends in the middle");
      }
      long value = 0;
      for (int i = 0; i < bytes; i++) {
        value |= (in.get() & 0xffL) << (8 * i);
      }
      return value;
    }

    private DamagedModelException damaged(String problem) {
      return new DamagedModelException(what + " " + problem);
    }

    private UnsupportedModelException unsupported(String thing) {
      return new UnsupportedModelException(
          "%s holds %s, which has no place in a TorchScript archive".formatted(what, shown(thing)));
    }
  }

  private static String shown(String text) {
    return text.length() > 120 ? text.substring(0, 120) + "…" : text;
  }
}
