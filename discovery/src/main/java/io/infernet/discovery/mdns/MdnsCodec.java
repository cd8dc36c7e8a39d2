package io.infernet.discovery.mdns;

import io.infernet.discovery.mdns.MdnsMessage.Pointer;
import io.infernet.discovery.mdns.MdnsMessage.Query;
import io.infernet.discovery.mdns.MdnsMessage.Question;
import io.infernet.discovery.mdns.MdnsMessage.ResourceRecord;
import io.infernet.discovery.mdns.MdnsMessage.Response;
import io.infernet.discovery.mdns.MdnsMessage.Text;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DefaultDnsPtrRecord;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRawRecord;
import io.netty.handler.codec.dns.DnsPtrRecord;
import io.netty.handler.codec.dns.DnsQuestion;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRecordEncoder;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The packets of multicast DNS, RFC 1035 §4 and RFC 6762 §18. What is not a query or response about
 * peers is read as well, for every service of the link shares the port.
 */
final class MdnsCodec implements MessageCodec<MdnsMessage> {

  /** Longest name in bytes, RFC 1035 §2.3.4, and longest string of a TXT record, §3.3. */
  static final int MAX_NAME = 255;

  /** Records in one packet; a full 9000 bytes of the shortest questions would be 1800. */
  private static final int MAX_RECORDS = 256;

  private static final int HEADER_LENGTH = 12;
  private static final int CLASS_INTERNET = 1;

  /** Of a question: the answer may be unicast. Of a record: forget others of the name. */
  private static final int TOP_BIT = 0x8000;

  private static final int FLAG_RESPONSE = 0x8000;
  private static final int FLAG_AUTHORITATIVE = 0x0400;
  private static final int MASK_OPCODE = 0x7800;

  private final int maxMessageSize;

  /**
   * @param maxMessageSize of what is read, in bytes
   */
  MdnsCodec(int maxMessageSize) {
    this.maxMessageSize = maxMessageSize;
  }

  @Override
  public int maxMessageSize() {
    return maxMessageSize;
  }

  @Override
  public ByteBuffer encode(MdnsMessage message) {
    ByteBuf out = Unpooled.buffer();
    if (message instanceof Query query) {
      header(out, query.id(), 0, query.questions().size(), query.known().size(), 0);
      query.questions().forEach(question -> write(question, out));
      query.known().forEach(record -> write(record, false, out));
    } else if (message instanceof Response response) {
      boolean legacy = !response.questions().isEmpty();
      header(
          out,
          response.id(),
          FLAG_RESPONSE | FLAG_AUTHORITATIVE,
          response.questions().size(),
          response.answers().size(),
          response.additional().size());
      response.questions().forEach(question -> write(question, out));
      response.answers().forEach(record -> write(record, legacy, out));
      response.additional().forEach(record -> write(record, legacy, out));
    }
    return out.nioBuffer();
  }

  private static void header(
      ByteBuf out, int id, int flags, int questions, int answers, int additional) {
    out.writeShort(id)
        .writeShort(flags)
        .writeShort(questions)
        .writeShort(answers)
        .writeShort(0)
        .writeShort(additional);
  }

  private static void write(Question question, ByteBuf out) {
    int dnsClass = CLASS_INTERNET | (question.unicast() ? TOP_BIT : 0);
    encode(
        () ->
            DnsRecordEncoder.DEFAULT.encodeQuestion(
                new DefaultDnsQuestion(
                    question.name(), DnsRecordType.valueOf(question.type()), dnsClass),
                out));
  }

  private static void write(ResourceRecord record, boolean legacy, ByteBuf out) {
    if (record instanceof Pointer pointer) {
      encode(
          () ->
              DnsRecordEncoder.DEFAULT.encodeRecord(
                  new DefaultDnsPtrRecord(
                      pointer.name(), CLASS_INTERNET, pointer.timeToLive(), pointer.target()),
                  out));
    } else if (record instanceof Text text) {
      ByteBuf strings = Unpooled.buffer();
      for (String string : text.strings()) {
        byte[] bytes = string.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_NAME) {
          throw new IllegalArgumentException("longer than a TXT record holds: " + string);
        }
        strings.writeByte(bytes.length).writeBytes(bytes);
      }
      // Nobody else has records of this name: what was there before is void, RFC 6762 §10.2.
      int dnsClass = CLASS_INTERNET | (legacy ? 0 : TOP_BIT);
      encode(
          () ->
              DnsRecordEncoder.DEFAULT.encodeRecord(
                  new DefaultDnsRawRecord(
                      text.name(), DnsRecordType.TXT, dnsClass, text.timeToLive(), strings),
                  out));
    }
  }

  private interface Encoding {
    void run() throws Exception;
  }

  private static void encode(Encoding encoding) {
    try {
      encoding.run();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("a DNS record cannot be written", e);
    }
  }

  @Override
  public MdnsMessage decode(ByteBuffer bytes) throws ProtocolViolationException {
    if (bytes.remaining() < HEADER_LENGTH || bytes.remaining() > maxMessageSize) {
      throw new ProtocolViolationException("a DNS packet of " + bytes.remaining() + " bytes");
    }
    // Names refer back to offsets from the start of the packet.
    ByteBuf in = Unpooled.wrappedBuffer(bytes.slice());
    int id = in.readUnsignedShort();
    int flags = in.readUnsignedShort();
    int questions = in.readUnsignedShort();
    int answers = in.readUnsignedShort();
    int authorities = in.readUnsignedShort();
    int additional = in.readUnsignedShort();
    if ((flags & MASK_OPCODE) != 0
        || questions + answers + authorities + additional > MAX_RECORDS) {
      throw new ProtocolViolationException("a DNS packet of another kind, or too many records");
    }
    List<Question> asked = new ArrayList<>();
    for (int i = 0; i < questions; i++) {
      asked.add(readQuestion(in));
    }
    List<ResourceRecord> answered = readRecords(in, answers);
    readRecords(in, authorities);
    if ((flags & FLAG_RESPONSE) != 0) {
      return new Response(id, asked, answered, readRecords(in, additional));
    }
    List<Pointer> known = new ArrayList<>();
    for (ResourceRecord record : answered) {
      if (record instanceof Pointer pointer) {
        known.add(pointer);
      }
    }
    return new Query(id, asked, known);
  }

  private static Question readQuestion(ByteBuf in) throws ProtocolViolationException {
    try {
      DnsQuestion question = DnsRecordDecoder.DEFAULT.decodeQuestion(in);
      return new Question(
          withoutDot(question.name()),
          question.type().intValue(),
          (question.dnsClass() & TOP_BIT) != 0);
    } catch (Exception e) {
      throw malformed(e);
    }
  }

  private static List<ResourceRecord> readRecords(ByteBuf in, int count)
      throws ProtocolViolationException {
    List<ResourceRecord> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      DnsRecord record;
      try {
        record = DnsRecordDecoder.DEFAULT.decodeRecord(in);
      } catch (Exception e) {
        throw malformed(e);
      }
      if (record == null) {
        throw new ProtocolViolationException("a DNS packet is cut off");
      }
      try {
        if ((record.dnsClass() & ~TOP_BIT) != CLASS_INTERNET) {
          continue;
        }
        String name = withoutDot(record.name());
        if (record instanceof DnsPtrRecord pointer) {
          records.add(new Pointer(name, record.timeToLive(), withoutDot(pointer.hostname())));
        } else if (record instanceof DnsRawRecord raw && record.type().equals(DnsRecordType.TXT)) {
          records.add(new Text(name, record.timeToLive(), strings(raw.content())));
        }
      } finally {
        ReferenceCountUtil.release(record);
      }
    }
    return records;
  }

  private static List<String> strings(ByteBuf content) throws ProtocolViolationException {
    List<String> strings = new ArrayList<>();
    while (content.isReadable()) {
      int length = content.readUnsignedByte();
      if (length > content.readableBytes()) {
        throw new ProtocolViolationException("a TXT record is cut off");
      }
      strings.add(content.readCharSequence(length, StandardCharsets.UTF_8).toString());
    }
    return strings;
  }

  private static ProtocolViolationException malformed(Exception cause) {
    return new ProtocolViolationException("not a DNS packet: " + cause.getMessage(), cause);
  }

  private static String withoutDot(String name) {
    return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
  }
}
