package io.infernet.discovery.directory;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.infernet.libp2p.host.MessageCodec;
import io.infernet.libp2p.host.ProtocolViolationException;
import io.infernet.libp2p.multiformats.Cid;
import io.infernet.libp2p.multiformats.Multiaddr;
import io.infernet.libp2p.peer.PeerId;
import io.infernet.libp2p.peer.PrivateKey;
import io.infernet.libp2p.peer.SignedEnvelope;
import io.infernet.proto.directory.DirectoryProto;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * {@link DirectoryMessage}s as protobuf. Reading checks form and limits; the signatures of records
 * are checked by {@link SignedCapability#isSignedByPeer}.
 */
public final class DirectoryCodec implements MessageCodec<DirectoryMessage> {

  /** The purpose that a record's signature is for. */
  static final String DOMAIN = "infernet-capability-record";

  static final String PAYLOAD_TYPE = "/infernet/capability-record/1";

  /** Field header and length of one envelope in a list, at most. */
  private static final int ENVELOPE_HEADER = 8;

  private final DirectoryLimits limits;

  public DirectoryCodec(DirectoryLimits limits) {
    this.limits = limits;
  }

  @Override
  public int maxMessageSize() {
    return Math.toIntExact(
        16
            + (limits.maxRecordSize() + (long) SignedEnvelope.OVERHEAD + ENVELOPE_HEADER)
                * limits.maxRecords());
  }

  /** Most bytes of one message that carries no list of records, as on a gossip topic. */
  public int maxSingleSize() {
    return 16 + limits.maxRecordSize() + SignedEnvelope.OVERHEAD + ENVELOPE_HEADER;
  }

  /** How many bytes of a record are signed; at most {@link DirectoryLimits#maxRecordSize}. */
  public int size(CapabilityRecord record) {
    return encode(record).length;
  }

  /** Signs a record with its peer's key. */
  public SignedCapability sign(CapabilityRecord record, PrivateKey key) {
    return new SignedCapability(
        record, SignedEnvelope.sign(key, DOMAIN, PAYLOAD_TYPE, encode(record)));
  }

  @Override
  public ByteBuffer encode(DirectoryMessage message) {
    DirectoryProto.DirectoryFrame.Builder frame = DirectoryProto.DirectoryFrame.newBuilder();
    if (message instanceof DirectoryMessage.Query query) {
      frame.setQuery(
          DirectoryProto.Query.newBuilder()
              .setLimit(query.limit())
              .setManifest(bytes(query.manifest())));
    } else if (message instanceof DirectoryMessage.Records records) {
      DirectoryProto.Records.Builder list = DirectoryProto.Records.newBuilder();
      for (SignedCapability record : records.records()) {
        list.addEnvelopes(ByteString.copyFrom(record.envelope().toBytes()));
      }
      frame.setRecords(list);
    } else if (message instanceof DirectoryMessage.Heartbeat heartbeat) {
      frame.setHeartbeat(
          DirectoryProto.Heartbeat.newBuilder()
              .setEnvelope(ByteString.copyFrom(heartbeat.record().envelope().toBytes())));
    } else if (message instanceof DirectoryMessage.Demand demand) {
      DemandSignal signal = demand.signal();
      frame.setDemand(
          DirectoryProto.Demand.newBuilder()
              .setManifest(bytes(signal.manifest()))
              .setName(signal.name())
              .setTimestamp(signal.timestamp().toEpochMilli()));
    } else if (message instanceof DirectoryMessage.Offer offered) {
      JobOffer offer = offered.offer();
      frame.setOffer(
          DirectoryProto.Offer.newBuilder()
              .setJob(ByteString.copyFrom(HexFormat.of().parseHex(offer.job())))
              .setManifest(ByteString.copyFrom(offer.manifest().toBytes()))
              .setTask(offer.task())
              .setTokens(offer.tokens())
              .setMaxPrice(offer.maxPrice())
              .setDeadline(offer.deadline().toEpochMilli())
              .setExpiry(offer.expiry().toEpochMilli())
              .addAllTopics(offer.topics())
              .setRequester(ByteString.copyFrom(offer.requester().toBytes())));
    }
    return ByteBuffer.wrap(frame.build().toByteArray());
  }

  @Override
  public DirectoryMessage decode(ByteBuffer bytes) throws ProtocolViolationException {
    try {
      DirectoryProto.DirectoryFrame frame = DirectoryProto.DirectoryFrame.parseFrom(bytes);
      return switch (frame.getMessageCase()) {
        case QUERY ->
            new DirectoryMessage.Query(
                cid(frame.getQuery().getManifest()), frame.getQuery().getLimit());
        case RECORDS -> records(frame.getRecords());
        case HEARTBEAT ->
            new DirectoryMessage.Heartbeat(signed(frame.getHeartbeat().getEnvelope()));
        case DEMAND -> new DirectoryMessage.Demand(demand(frame.getDemand()));
        case OFFER -> new DirectoryMessage.Offer(offer(frame.getOffer()));
        case MESSAGE_NOT_SET ->
            throw new ProtocolViolationException("a directory message of an unknown kind");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException | DateTimeException e) {
      throw new ProtocolViolationException("not a directory message: " + e.getMessage(), e);
    }
  }

  /** Reads one signed record, as it stands in the DHT; its signature is not checked. */
  public SignedCapability decodeRecord(byte[] envelope) throws ProtocolViolationException {
    try {
      return signed(ByteString.copyFrom(envelope));
    } catch (InvalidProtocolBufferException | IllegalArgumentException | DateTimeException e) {
      throw new ProtocolViolationException("not a capability record: " + e.getMessage(), e);
    }
  }

  private DirectoryMessage.Records records(DirectoryProto.Records message)
      throws ProtocolViolationException, InvalidProtocolBufferException {
    requireAtMost(message.getEnvelopesCount(), limits.maxRecords(), "records");
    List<SignedCapability> records = new ArrayList<>();
    for (ByteString envelope : message.getEnvelopesList()) {
      records.add(signed(envelope));
    }
    return new DirectoryMessage.Records(records);
  }

  private SignedCapability signed(ByteString bytes)
      throws ProtocolViolationException, InvalidProtocolBufferException {
    SignedEnvelope envelope = SignedEnvelope.fromBytes(bytes.toByteArray(), limits.maxRecordSize());
    return new SignedCapability(
        decode(DirectoryProto.CapabilityRecord.parseFrom(envelope.payload())), envelope);
  }

  private DemandSignal demand(DirectoryProto.Demand message) throws ProtocolViolationException {
    return new DemandSignal(
        cid(message.getManifest()),
        text(message.getName()),
        Instant.ofEpochMilli(message.getTimestamp()));
  }

  private JobOffer offer(DirectoryProto.Offer message) throws ProtocolViolationException {
    return new JobOffer(
        HexFormat.of().formatHex(message.getJob().toByteArray()),
        Cid.fromBytes(message.getManifest().toByteArray()),
        text(message.getTask()),
        message.getTokens(),
        message.getMaxPrice(),
        Instant.ofEpochMilli(message.getDeadline()),
        Instant.ofEpochMilli(message.getExpiry()),
        topics(message.getTopicsList()),
        PeerId.fromBytes(message.getRequester().toByteArray()));
  }

  private static byte[] encode(CapabilityRecord record) {
    Capabilities capabilities = record.capabilities();
    DirectoryProto.CapabilityRecord.Builder message =
        DirectoryProto.CapabilityRecord.newBuilder()
            .setVersion(CapabilityRecord.VERSION)
            .setPeer(ByteString.copyFrom(record.peer().toBytes()))
            .setNetwork(record.network().name())
            .setSequence(record.sequence())
            .setTimestamp(record.timestamp().toEpochMilli())
            .addAllRoles(capabilities.roles())
            .setLoad(
                DirectoryProto.Load.newBuilder()
                    .setRunning(capabilities.load().running())
                    .setSlots(capabilities.load().slots()))
            .setHardware(encode(capabilities.hardware()))
            .setRegion(capabilities.region().orElse(""))
            .addAllRefuses(capabilities.policy().refuses())
            .setAgent(capabilities.agent());
    for (Multiaddr address : record.addresses()) {
      message.addAddresses(ByteString.copyFrom(address.toBytes()));
    }
    for (ModelOffer offer : capabilities.models()) {
      message.addModels(
          DirectoryProto.ModelOffer.newBuilder()
              .setName(offer.name())
              .setManifest(ByteString.copyFrom(offer.manifest().toBytes()))
              .setQuantization(offer.quantization())
              .setWarm(offer.warm())
              .setContextLength(offer.contextLength())
              .setBasePrice(offer.prices().base())
              .setPricePerThousandTokens(offer.prices().perThousandTokens()));
    }
    return message.build().toByteArray();
  }

  private static DirectoryProto.Hardware encode(HardwareFingerprint hardware) {
    DirectoryProto.Hardware.Builder message =
        DirectoryProto.Hardware.newBuilder()
            .setCpu(hardware.cpu())
            .setCores(hardware.cores())
            .setMemory(hardware.memoryBytes());
    for (Gpu gpu : hardware.gpus()) {
      message.addGpus(
          DirectoryProto.Gpu.newBuilder()
              .setVendor(DirectoryProto.Gpu.Vendor.valueOf(gpu.vendor().name()))
              .setModel(gpu.model())
              .setMemory(gpu.memoryBytes())
              .setDriver(gpu.driver())
              .setCount(gpu.count()));
    }
    return message.build();
  }

  private CapabilityRecord decode(DirectoryProto.CapabilityRecord message)
      throws ProtocolViolationException {
    if (message.getVersion() != CapabilityRecord.VERSION) {
      throw new ProtocolViolationException(
          "a capability record of version " + Integer.toUnsignedString(message.getVersion()));
    }
    requireAtMost(message.getAddressesCount(), limits.maxAddresses(), "addresses");
    requireAtMost(message.getRolesCount(), limits.maxRoles(), "roles");
    requireAtMost(message.getModelsCount(), limits.maxModels(), "models");
    List<Multiaddr> addresses = new ArrayList<>();
    for (ByteString address : message.getAddressesList()) {
      addresses.add(Multiaddr.fromBytes(address.toByteArray()));
    }
    List<String> roles = new ArrayList<>();
    for (String role : message.getRolesList()) {
      roles.add(text(role));
    }
    List<ModelOffer> models = new ArrayList<>();
    for (DirectoryProto.ModelOffer offer : message.getModelsList()) {
      models.add(
          new ModelOffer(
              text(offer.getName()),
              Cid.fromBytes(offer.getManifest().toByteArray()),
              text(offer.getQuantization()),
              offer.getWarm(),
              offer.getContextLength(),
              new PriceList(offer.getBasePrice(), offer.getPricePerThousandTokens())));
    }
    String region = text(message.getRegion());
    return new CapabilityRecord(
        PeerId.fromBytes(message.getPeer().toByteArray()),
        new NetworkName(text(message.getNetwork())),
        message.getSequence(),
        Instant.ofEpochMilli(message.getTimestamp()),
        addresses,
        new Capabilities(
            roles,
            models,
            new Capabilities.Load(message.getLoad().getRunning(), message.getLoad().getSlots()),
            decode(message.getHardware()),
            region.isEmpty() ? Optional.empty() : Optional.of(region),
            new ProviderPolicy(topics(message.getRefusesList())),
            text(message.getAgent())));
  }

  private HardwareFingerprint decode(DirectoryProto.Hardware message)
      throws ProtocolViolationException {
    requireAtMost(message.getGpusCount(), limits.maxGpus(), "GPUs");
    List<Gpu> gpus = new ArrayList<>();
    for (DirectoryProto.Gpu gpu : message.getGpusList()) {
      gpus.add(
          new Gpu(
              vendor(gpu.getVendor()),
              text(gpu.getModel()),
              gpu.getMemory(),
              text(gpu.getDriver()),
              gpu.getCount()));
    }
    return new HardwareFingerprint(
        text(message.getCpu()), message.getCores(), message.getMemory(), gpus);
  }

  /** Vendors that are not known yet are others. */
  private static Gpu.Vendor vendor(DirectoryProto.Gpu.Vendor vendor) {
    return switch (vendor) {
      case NVIDIA -> Gpu.Vendor.NVIDIA;
      case AMD -> Gpu.Vendor.AMD;
      case APPLE -> Gpu.Vendor.APPLE;
      case INTEL -> Gpu.Vendor.INTEL;
      case OTHER, UNRECOGNIZED -> Gpu.Vendor.OTHER;
    };
  }

  private static ByteString bytes(Optional<Cid> cid) {
    return cid.map(known -> ByteString.copyFrom(known.toBytes())).orElse(ByteString.EMPTY);
  }

  private static Optional<Cid> cid(ByteString bytes) throws ProtocolViolationException {
    return bytes.isEmpty() ? Optional.empty() : Optional.of(Cid.fromBytes(bytes.toByteArray()));
  }

  private List<String> topics(List<String> read) throws ProtocolViolationException {
    requireAtMost(read.size(), limits.maxTopics(), "topics");
    for (String topic : read) {
      text(topic);
    }
    return read;
  }

  /** Others' words end up on screens: no control characters. */
  private String text(String value) throws ProtocolViolationException {
    requireAtMost(value.length(), limits.maxTextLength(), "characters");
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw new ProtocolViolationException("a text has control characters");
    }
    return value;
  }

  private static void requireAtMost(int count, int limit, String what)
      throws ProtocolViolationException {
    if (count > limit) {
      throw new ProtocolViolationException(count + " " + what + " are over " + limit);
    }
  }
}
