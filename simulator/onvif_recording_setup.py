"""How a Profile G recorder is set up: one recording, its options, its job, its replay, its stream at an instant."""

from __future__ import annotations

from xml.sax.saxutils import escape

from simulator.clocks import Base
from simulator.onvif_device import OnvifCall, Operation
from simulator.onvif_search import TRACK, recording_of, source_xml
from simulator.recording import PlanKind
from simulator.soap import SoapFault, child, parse_xml_time, xml_time
from simulator.world import SimChannel

_REPLAY_TIMEOUT = "replay timeout"
_AT_ONCE_MS = 1000


def job_token(channel: SimChannel) -> str:
    """Return the token of the job that records a channel."""
    return f"JOB{channel.number:03d}"


def configuration_xml(call: OnvifCall, channel: SimChannel) -> str:
    """Return what stands inside of a recording's configuration."""
    return (
        f"{source_xml(call.device, channel)}<tt:Content>{escape(channel.name)}</tt:Content>"
        f"<tt:MaximumRetentionTime>P{int(channel.plan.retention_days)}D</tt:MaximumRetentionTime>"
    )


def _mode(channel: SimChannel) -> str:
    return "Idle" if channel.plan.kind is PlanKind.NONE else "Active"


def get_recordings(call: OnvifCall) -> str:
    items = "".join(
        f"<trc:RecordingItem><tt:RecordingToken>{each.token}</tt:RecordingToken>"
        f"<tt:Configuration>{configuration_xml(call, each)}</tt:Configuration>"
        f"<tt:Tracks><tt:Track><tt:TrackToken>{TRACK}"
        "</tt:TrackToken><tt:Configuration><tt:TrackType>Video</tt:TrackType><tt:Description>video"
        "</tt:Description></tt:Configuration></tt:Track></tt:Tracks></trc:RecordingItem>"
        for each in call.device.channels
    )
    return f"<trc:GetRecordingsResponse>{items}</trc:GetRecordingsResponse>"


def get_recording_configuration(call: OnvifCall) -> str:
    channel = recording_of(call, call.text("RecordingToken"))
    return (
        "<trc:GetRecordingConfigurationResponse><trc:RecordingConfiguration>"
        f"{configuration_xml(call, channel)}"
        "</trc:RecordingConfiguration></trc:GetRecordingConfigurationResponse>"
    )


def get_recording_options(call: OnvifCall) -> str:
    recording_of(call, call.text("RecordingToken"))
    return (
        '<trc:GetRecordingOptionsResponse><trc:Options><trc:Job Spare="0"/><trc:Track '
        'SpareTotal="0" SpareVideo="0" SpareAudio="0" SpareMetadata="0"/></trc:Options>'
        "</trc:GetRecordingOptionsResponse>"
    )


def get_recording_jobs(call: OnvifCall) -> str:
    items = "".join(
        f"<trc:JobItem><tt:JobToken>{job_token(each)}</tt:JobToken><tt:JobConfiguration>"
        f"<tt:RecordingToken>{each.token}</tt:RecordingToken><tt:Mode>{_mode(each)}</tt:Mode>"
        "<tt:Priority>1</tt:Priority></tt:JobConfiguration></trc:JobItem>"
        for each in call.device.channels
    )
    return f"<trc:GetRecordingJobsResponse>{items}</trc:GetRecordingJobsResponse>"


def get_recording_job_state(call: OnvifCall) -> str:
    asked = call.text("JobToken")
    channel = next((each for each in call.device.channels if job_token(each) == asked), None)
    if channel is None:
        raise SoapFault("No such job", "ter:InvalidArgVal", "ter:NoRecordingJob")
    return (
        f"<trc:GetRecordingJobStateResponse><trc:State><tt:RecordingToken>{channel.token}"
        f"</tt:RecordingToken><tt:State>{_mode(channel)}</tt:State></trc:State>"
        "</trc:GetRecordingJobStateResponse>"
    )


def get_media_attributes(call: OnvifCall) -> str:
    """Tell which recordings have a track at the asked instant, and what it holds."""
    device = call.device
    at = parse_xml_time(call.text("Time"))
    asked = [(each.text or "").strip() for each in call.soap.element.iter("{*}RecordingTokens")]
    channels = [recording_of(call, each) for each in asked] or device.channels
    items = ""
    for channel in channels:
        files = call.campus.index(device, channel, at, at + _AT_ONCE_MS, Base.UTC)
        if not any(file.start_ms <= at < file.end_ms for file in files):
            continue
        when = xml_time(device, at)
        items += (
            f"<tse:MediaAttributes><tt:RecordingToken>{channel.token}</tt:RecordingToken>"
            f"<tt:TrackAttributes><tt:TrackInformation><tt:TrackToken>{TRACK}</tt:TrackToken>"
            "<tt:TrackType>Video</tt:TrackType><tt:Description>video</tt:Description>"
            f"<tt:DataFrom>{when}</tt:DataFrom><tt:DataTo>{when}</tt:DataTo></tt:TrackInformation>"
            "<tt:VideoAttributes><tt:Width>1920</tt:Width><tt:Height>1080</tt:Height><tt:Encoding>"
            "H264</tt:Encoding><tt:Framerate>15</tt:Framerate></tt:VideoAttributes>"
            f"</tt:TrackAttributes><tt:From>{when}</tt:From><tt:Until>{when}</tt:Until>"
            "</tse:MediaAttributes>"
        )
    return f"<tse:GetMediaAttributesResponse>{items}</tse:GetMediaAttributesResponse>"


def get_replay_configuration(call: OnvifCall) -> str:
    seconds = call.device.memory.get(_REPLAY_TIMEOUT, "PT60S")
    return (
        "<trp:GetReplayConfigurationResponse><trp:Configuration><tt:SessionTimeout>"
        f"{escape(seconds)}</tt:SessionTimeout></trp:Configuration>"
        "</trp:GetReplayConfigurationResponse>"
    )


def set_replay_configuration(call: OnvifCall) -> str:
    timeout = child(call.soap.element, "Configuration", "SessionTimeout")
    if timeout is None or not (timeout.text or "").strip().startswith("P"):
        raise SoapFault("Bad SessionTimeout", "ter:InvalidArgVal", "ter:ConfigModify")
    if not call.idle_write:
        call.device.memory[_REPLAY_TIMEOUT] = (timeout.text or "").strip()
    return "<trp:SetReplayConfigurationResponse/>"


RECORDING_SETUP: dict[str, Operation] = {
    "GetRecordings": get_recordings,
    "GetRecordingConfiguration": get_recording_configuration,
    "GetRecordingOptions": get_recording_options,
    "GetRecordingJobs": get_recording_jobs,
    "GetRecordingJobState": get_recording_job_state,
}
SEARCH_SETUP: dict[str, Operation] = {"GetMediaAttributes": get_media_attributes}
REPLAY_SETUP: dict[str, Operation] = {
    "GetReplayConfiguration": get_replay_configuration,
    "SetReplayConfiguration": set_replay_configuration,
}
