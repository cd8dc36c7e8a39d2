package io.infernet.node.storage;

import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PeerInfo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * How values of the discovery columns are written: a version, when and from whom, then the columns'
 * own.
 */
final class StoredBytes {

  private static final int VERSION = 1;

  private StoredBytes() {}

  /** Writes the rest of a value. */
  @FunctionalInterface
  interface Body {
    void writeTo(DataOutputStream out) throws IOException;
  }

  /**
   * What every value begins with.
   *
   * @param source who answers for it
   * @param body the rest
   */
  record Head(Instant time, String source, DataInputStream body) {}

  static byte[] write(Instant time, String source, Body body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeLong(time.toEpochMilli());
      out.writeUTF(source);
      body.writeTo(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * @throws IOException when the bytes are no value of this version
   */
  static Head read(byte[] value) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(value));
    int version = in.readUnsignedByte();
    if (version != VERSION) {
      throw new IOException("an entry of version " + version);
    }
    return new Head(Instant.ofEpochMilli(in.readLong()), in.readUTF(), in);
  }

  static void writeAddresses(List<Multiaddr> addresses, DataOutputStream out) throws IOException {
    out.writeShort(addresses.size());
    for (Multiaddr address : addresses) {
      byte[] bytes = address.toBytes();
      out.writeShort(bytes.length);
      out.write(bytes);
    }
  }

  /**
   * @throws IOException when it is cut short
   * @throws ProtocolViolationException when an address is none
   */
  static PeerInfo readPeer(PeerId peer, DataInputStream in)
      throws IOException, ProtocolViolationException {
    List<Multiaddr> addresses = new ArrayList<>();
    for (int i = in.readUnsignedShort(); i > 0; i--) {
      byte[] bytes = new byte[in.readUnsignedShort()];
      in.readFully(bytes);
      addresses.add(Multiaddr.fromBytes(bytes));
    }
    return new PeerInfo(peer, addresses);
  }
}
