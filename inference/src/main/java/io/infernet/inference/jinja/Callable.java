package io.infernet.inference.jinja;

import java.util.List;
import java.util.Map;

/** A function, macro or method. */
@FunctionalInterface
interface Callable {

  Object call(Given given);

  /** What it is called with. */
  record Given(List<Object> positional, Map<String, Object> named) {

    static Given of(Object... positional) {
      return new Given(List.of(positional), Map.of());
    }

    /** The argument at {@code index} or with that name. */
    Object get(int index, String name, Object otherwise) {
      if (index < positional.size()) {
        return positional.get(index);
      }
      return named.getOrDefault(name, otherwise);
    }

    /** An argument that must be there. */
    Object need(int index, String name) {
      Object value = get(index, name, Missing.MISSING);
      if (value == Missing.MISSING) {
        throw new JinjaException("argument '" + name + "' is missing");
      }
      return value;
    }

    /** All but the first {@code count} positional arguments. */
    Given rest(int count) {
      return new Given(
          positional.subList(Math.min(count, positional.size()), positional.size()), named);
    }

    /** Refuses arguments that nobody knows. */
    void only(int mostPositional, String... names) {
      if (positional.size() > mostPositional) {
        throw new JinjaException("at most " + mostPositional + " arguments are expected");
      }
      for (String name : named.keySet()) {
        if (!List.of(names).contains(name)) {
          throw new JinjaException("unexpected argument '" + name + "'");
        }
      }
    }
  }

  /** Stands for an argument that was not given. */
  enum Missing {
    MISSING
  }
}
